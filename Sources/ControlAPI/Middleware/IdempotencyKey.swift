import Domain
import HTTPServer

/// `Idempotency-Key` as a caller sent it.
enum IdempotencyKey {
    static let field = "Idempotency-Key"
    static let lengths = 1...255

    /// Nil without one. Throws 400 for one that cannot be a key.
    static func read(_ headers: HTTPHeaders) throws(Problem) -> String? {
        let fields = headers.all(field)
        guard let key = fields.first else { return nil }
        guard fields.count == 1 else { throw problem("is given \(fields.count) times") }
        guard lengths.contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw problem("must be \(lengths.lowerBound) to \(lengths.upperBound) visible ASCII characters")
        }
        return key
    }

    private static func problem(_ message: String) -> Problem {
        Problem(invalid: [FieldError(field: field, message: message)])
    }

    /// Whose key it is, at most 128 characters: those of API keys and of tokens
    /// never meet.
    static func owner(_ caller: Caller?, _ sha256: ([UInt8]) -> [UInt8]) -> String {
        guard let caller else { return "anybody" }
        guard let room = caller.room else { return "key:\(caller.name)" }
        return "token:" + sha256(Array(room.utf8) + [0] + Array(caller.name.utf8)).hexadecimal
    }
}
