import Audio
import Testing

@Suite struct WAVWriterTests {
    @Test func header_hasExactlyTheBytesOfTheFormat() {
        let header = WAVWriter.header(sampleRate: 48_000, frames: 3)
        let expected: [UInt8] = [
            0x52, 0x49, 0x46, 0x46, 42, 0, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16, 0, 0, 0, 1, 0, 1,
            0,
            0x80, 0xBB, 0, 0, 0x00, 0x77, 1, 0, 2, 0, 16, 0, 0x64, 0x61, 0x74, 0x61, 6, 0, 0, 0,
        ]
        #expect(header == expected)
        #expect(header.count == WAVWriter.headerByteCount)
    }

    @Test(arguments: [nil, 2_147_483_626, -1])
    func header_ofAStreamOrOfMoreThanFits_hasOpenSizes(_ frames: Int?) throws {
        let header = WAVWriter.header(sampleRate: 8_000, frames: frames)
        #expect(header[4..<8] == [0xFF, 0xFF, 0xFF, 0xFF] && header[40..<44] == [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try read([header, [5, 0]]) == [5])
    }

    @Test func largestFile_hasItsSizes() {
        let header = WAVWriter.header(sampleRate: 8_000, frames: 2_147_483_625)
        #expect(header[40..<44] == [0xD2, 0xFF, 0xFF, 0xFF])
        #expect(header[4..<8] == [0xF6, 0xFF, 0xFF, 0xFF])
    }

    @Test func file_isReadBack() throws {
        let samples = Tone.sine(440, rate: 16_000, seconds: 0.1)
        var reader = WAVReader()
        #expect(try reader.read(WAVWriter.file(samples, sampleRate: 16_000)) == samples)
        #expect(reader.format == PCMFormat(sampleRate: 16_000) && reader.announcedFrames == samples.count)
        try reader.finish()
    }

    @Test func samples_becomeBytesAndBack() {
        let samples: [Int16] = [0, 1, -1, 258, .max, .min]
        let bytes: [UInt8] = [0, 0, 1, 0, 255, 255, 2, 1, 255, 127, 0, 128]
        #expect(PCMBytes.bytes(of: samples) == bytes)
        #expect(PCMBytes.samples(of: bytes) == samples)
        #expect(PCMBytes.samples(of: bytes + [9]) == samples)
        #expect(PCMBytes.bytes(of: []) == [] && PCMBytes.samples(of: [1]) == [])
    }
}
