/// The first bytes of a file: `RIFF`, a size, `WAVE`.
enum WAVPreamble {
    static let byteCount = 12

    /// Known beginnings, so that the error can name what was sent.
    private static let others: [(beginning: [UInt8], name: String)] = [
        (Array("RIFF".utf8), "a RIFF file of another kind"), (Array("RIFX".utf8), "a big-endian WAV file (RIFX)"),
        (Array("RF64".utf8), "a 64-bit WAV file (RF64)"), (Array("ID3".utf8), "an MP3 file"),
        ([0xFF, 0xFB], "an MP3 file"), ([0xFF, 0xF3], "an MP3 file"), ([0xFF, 0xF1], "an AAC file"),
        (Array("OggS".utf8), "an Ogg file"), (Array("fLaC".utf8), "a FLAC file"), (Array("FORM".utf8), "an AIFF file"),
        (Array(".snd".utf8), "an AU file"), ([0x1A, 0x45, 0xDF, 0xA3], "a WebM file"),
        (Array("{".utf8), "JSON"), (Array("--".utf8), "a multipart form; send the file itself"),
    ]

    /// The error of a file that begins with these at most 12 bytes, or nil as long
    /// as it can become a WAV file.
    static func error(ofBeginning bytes: [UInt8]) -> AudioDataError? {
        let expected = Array("RIFF".utf8) + bytes.dropFirst(4).prefix(4) + Array("WAVE".utf8)
        guard !expected.starts(with: bytes) else { return nil }
        if bytes.dropFirst(4).starts(with: "ftyp".utf8) { return .notWAV(looksLike: "an MP4 file") }
        return .notWAV(looksLike: others.first { bytes.starts(with: $0.beginning) }?.name)
    }
}
