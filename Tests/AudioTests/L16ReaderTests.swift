import Audio
import Testing

@Suite struct L16ReaderTests {
    private func reader(channels: Int = 1) throws -> L16Reader {
        try L16Reader(format: PCMFormat(sampleRate: 24_000, channels: channels))
    }

    @Test func samples_haveTheirHighByteFirst() throws {
        let bytes: [UInt8] = [0, 1, 0xFF, 0xFE, 0x7F, 0xFF, 0x80, 0]
        for size in 1...8 {
            #expect(try read(bytes.inPieces(of: size), with: reader()) == [1, -2, 32_767, -32_768])
        }
    }

    @Test func stereo_isGivenInWholeFrames() throws {
        var reader = try reader(channels: 2)
        #expect(try reader.read([0, 1, 0]) == [])
        #expect(try reader.read([2, 0, 3, 0, 4]) == [1, 2, 3, 4])
        #expect(reader.format == PCMFormat(sampleRate: 24_000, channels: 2))
        #expect(reader.announcedFrames == nil && !reader.isComplete)
        try reader.finish()
    }

    @Test func noBytesOrHalfASample_areNamed() throws {
        #expect(throws: AudioDataError.empty) { try read([], with: reader()) }
        #expect(throws: AudioDataError.halfSample(bytesPerFrame: 2)) { try read([[0, 1, 2]], with: reader()) }
        #expect(throws: AudioDataError.halfSample(bytesPerFrame: 4)) {
            try read([[0, 1]], with: reader(channels: 2))
        }
    }

    @Test func format_outsideTheLimits_isRefused() {
        #expect(throws: AudioTypeError.rateOutOfRange(7_999)) { try L16Reader(format: PCMFormat(sampleRate: 7_999)) }
        #expect(throws: AudioTypeError.channelCount(3)) {
            try L16Reader(format: PCMFormat(sampleRate: 8_000, channels: 3))
        }
    }
}
