/// Builds WAV files byte by byte, right ones and wrong ones, apart from the writer
/// that is under test.
struct WAVFixture {
    var tag = 1
    var channels = 1
    var sampleRate = 16_000
    var bits = 16
    var frameBytes: Int?
    var samples: [Int16] = [1, -2, 300, -32_768, 32_767]
    /// What the header says, where that is not the truth.
    var dataSize: Int?
    var riffSize: Int?
    /// What follows the 16 bytes of `fmt `.
    var formatTail: [UInt8] = []
    var beforeData: [UInt8] = []
    var afterData: [UInt8] = []

    static let guidTail: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

    static func extensible(subTag: Int = 1, validBits: Int = 16, guidTail: [UInt8] = Self.guidTail) -> WAVFixture {
        WAVFixture(tag: 0xFFFE, formatTail: le(22, 2) + le(validBits, 2) + le(4, 4) + le(subTag, 2) + guidTail)
    }

    static func le(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func chunk(_ name: String, _ content: [UInt8], size: Int? = nil) -> [UInt8] {
        Array(name.utf8) + le(size ?? content.count, 4) + content + (content.count % 2 == 1 ? [0] : [])
    }

    var format: [UInt8] {
        let frame = frameBytes ?? channels * bits / 8
        return Self.le(tag, 2) + Self.le(channels, 2) + Self.le(sampleRate, 4) + Self.le(sampleRate * frame, 4)
            + Self.le(frame, 2) + Self.le(bits, 2) + formatTail
    }

    var data: [UInt8] { samples.flatMap { Self.le(Int($0), 2) } }

    var bytes: [UInt8] {
        let body =
            Array("WAVE".utf8) + Self.chunk("fmt ", format) + beforeData + Array("data".utf8)
            + Self.le(dataSize ?? data.count, 4) + data + afterData
        return Array("RIFF".utf8) + Self.le(riffSize ?? body.count, 4) + body
    }
}
