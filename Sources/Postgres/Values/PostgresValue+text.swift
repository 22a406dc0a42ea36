import Foundation

extension PostgresValue {
    /// Appends the text format of the value (for `bytes`, the raw bytes).
    func appendText(to buffer: inout [UInt8]) {
        switch self {
        case .null: break
        case .text(let value): buffer.append(contentsOf: value.utf8)
        case .int64(let value): buffer.append(contentsOf: String(value).utf8)
        case .double(let value): buffer.append(contentsOf: TextFormat.double(value).utf8)
        case .bool(let value): buffer.append(contentsOf: TextFormat.bool(value).utf8)
        case .uuid(let value): TextFormat.append(value, to: &buffer)
        case .timestamp(let value): TimestampText.append(microseconds: value, to: &buffer)
        case .json(let value), .bytes(let value): buffer.append(contentsOf: value)
        case .textArray(let items): ArrayText.append(items, to: &buffer) { ArrayText.quote($0.utf8, to: &$1) }
        case .jsonArray(let items): ArrayText.append(items, to: &buffer) { ArrayText.quote($0, to: &$1) }
        case .bytesArray(let items):
            ArrayText.append(items, to: &buffer) { ArrayText.quote(TextFormat.hex($0), to: &$1) }
        case .uuidArray(let items): ArrayText.append(items, to: &buffer) { TextFormat.append($0, to: &$1) }
        case .int64Array(let items): ArrayText.append(items, to: &buffer) { $1.append(contentsOf: String($0).utf8) }
        case .doubleArray(let items):
            ArrayText.append(items, to: &buffer) { $1.append(contentsOf: TextFormat.double($0).utf8) }
        case .boolArray(let items):
            ArrayText.append(items, to: &buffer) { $1.append(contentsOf: TextFormat.bool($0).utf8) }
        // Nothing in a time, blank and colons, means anything to an array.
        case .timestampArray(let items):
            ArrayText.append(items, to: &buffer) { TimestampText.append(microseconds: $0, to: &$1) }
        }
    }
}
