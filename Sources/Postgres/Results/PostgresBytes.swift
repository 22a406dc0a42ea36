/// The content of a `bytea` column.
public struct PostgresBytes: PostgresDecodable, Hashable {
    /// The bytes.
    public let bytes: [UInt8]

    /// `bytea` in its hex format, `\x…`.
    public init?(postgresText text: UnsafeRawBufferPointer) {
        guard text.count >= 2, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x"),
            let bytes = TextFormat.bytes(hex: text.dropFirst(2))
        else { return nil }
        self.bytes = bytes
    }
}
