/// Which byte of a sample comes first.
enum ByteOrder: Sendable {
    /// The low byte: WAV.
    case little
    /// The high byte: `audio/L16`.
    case big

    /// This machine's.
    static let host: ByteOrder = 1.littleEndian == 1 ? .little : .big
}
