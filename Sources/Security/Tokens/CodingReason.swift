import Foundation

/// Says what was wrong with JSON and where, without repeating any value of it:
/// the values are a caller's claims and do not belong in a log.
func codingReason(of error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context): "wrong type at \(path(context.codingPath))"
    case DecodingError.valueNotFound(_, let context): "nothing at \(path(context.codingPath))"
    case DecodingError.keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
    case DecodingError.dataCorrupted(let context): "not valid JSON at \(path(context.codingPath))"
    case EncodingError.invalidValue(_, let context): "no JSON form at \(path(context.codingPath))"
    default: "\(type(of: error))"
    }
}

private func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "the top" : keys.map(\.stringValue).joined(separator: ".")
}
