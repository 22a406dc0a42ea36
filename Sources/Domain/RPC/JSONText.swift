/// A JSON text (RFC 8259) that was looked at and not taken apart: numbers, keys
/// and escapes stay as they were written, so that nothing of a user's is lost
/// to somebody's idea of a number.
public struct JSONText: Sendable, Equatable {
    /// The text without the spaces between its tokens.
    public let compact: String
    /// Whether it is an object whose member `success` is true or false. Of
    /// several members of that name the last counts.
    public let hasBooleanSuccess: Bool

    /// How deep arrays and objects may be nested: beyond what anybody writes, and
    /// within what every parser on the way takes.
    public static let depth = 128

    /// Why a text was not taken.
    public enum Problem: Error, Sendable, Equatable {
        case notJSON
        /// Nested deeper than `depth`.
        case tooDeep
    }

    /// Reads `bytes`: UTF-8, a byte order mark in front is passed over.
    public init(_ bytes: some Sequence<UInt8>) throws(Problem) {
        var scanner = JSONScanner(bytes)
        try scanner.scan()
        guard let text = String(validating: scanner.compact, as: UTF8.self) else { throw .notJSON }
        compact = text
        hasBooleanSuccess = scanner.hasBooleanSuccess
    }

    /// Reads a text.
    public init(_ text: String) throws(Problem) { try self.init(text.utf8) }

    /// Whether there is nothing but spaces in `bytes`, as JSON knows them.
    public static func isBlank(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy(\.isSpace)
    }
}
