/// The sizes that stand in a WAV file.
enum WAVSizes {
    /// Bytes of a chunk's name and size.
    static let chunkHeader = 8
    /// What a stream of unknown length says its size is; ffmpeg writes it to pipes.
    static let unknown: UInt32 = .max
    /// From here on a size is no size: sox and espeak-ng write 0x7FFFF000 to pipes,
    /// ffmpeg 0xFFFFFFFF. Sound of 2 GiB whose end is not checked is the price.
    private static let firstOpen = 0x7FFF_F000

    /// Whether a size says nothing, because its writer could not know it and could
    /// not come back; some leave 0.
    static func isOpen(_ size: Int) -> Bool { size == 0 || size >= firstOpen }

    /// The little-endian number in four bytes.
    static func size(in bytes: [UInt8], at offset: Int) -> Int {
        number(in: bytes, at: offset) | number(in: bytes, at: offset + 2) << 16
    }

    /// The little-endian number in two bytes.
    static func number(in bytes: [UInt8], at offset: Int) -> Int {
        Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
    }
}
