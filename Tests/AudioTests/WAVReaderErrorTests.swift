import Audio
import Testing

@Suite struct WAVReaderErrorTests {
    /// The error is the same however the body comes.
    private func error(_ bytes: [UInt8]) -> AudioDataError? {
        let errors = [bytes.count, 1, 3, 13].map { size -> AudioDataError? in
            do throws(AudioDataError) {
                _ = try read(bytes.inPieces(of: max(size, 1)))
                return nil
            } catch { return error }
        }
        #expect(errors.allSatisfy { $0 == errors[0] }, "\(errors)")
        return errors[0]
    }

    @Test func emptyBody_isNamed() {
        #expect(error([]) == .empty)
    }

    @Test(arguments: [
        ("hello, I am a text file", nil), ("R", nil), ("hello", nil), ("RIFX....WAVE", "a big-endian WAV file (RIFX)"),
        ("RIFF....AVI ", "a RIFF file of another kind"), ("ID3...........", "an MP3 file"),
        ("OggS..........", "an Ogg file"), ("fLaC..........", "a FLAC file"), ("{\"text\": \"say this\"}", "JSON"),
        ("....ftypM4A ...", "an MP4 file"), ("--------boundary", "a multipart form; send the file itself"),
    ])
    func otherFiles_areRefused(_ text: String, _ name: String?) throws {
        let found = error(Array(text.utf8))
        guard text != "R" else {
            #expect(found == .truncatedHeader(byteCount: 1))
            return
        }
        #expect(found == .notWAV(looksLike: name))
        #expect(try !#require(found).description.contains("text"))
    }

    @Test func header_thatEndsTooSoon_isNamed() {
        let bytes = WAVFixture().bytes
        for count in 1..<44 {
            #expect(error(Array(bytes[..<count])) == .truncatedHeader(byteCount: count))
        }
        #expect(error(Array(bytes[..<44])) == .truncatedData(announcedBytes: 10, receivedBytes: 0))
    }

    @Test func chunkBeforeData_thatEndsTooSoon_isNamed() {
        let bytes = WAVFixture(beforeData: WAVFixture.chunk("LIST", [1, 2, 3, 4])).bytes
        #expect(error(Array(bytes[..<46])) == .truncatedHeader(byteCount: 46))
    }

    @Test func dataBeforeFormat_isNamed() {
        let bytes = Array(WAVFixture().bytes[..<12]) + WAVFixture.chunk("data", [1, 0])
        #expect(error(bytes) == .missingFormat)
    }

    @Test(arguments: [
        (2, "ADPCM (Microsoft)"), (3, "floating-point samples"), (6, "A-law"), (7, "µ-law"), (0x11, "ADPCM (IMA)"),
        (0x55, "MP3"), (0x1234, nil),
    ])
    func encoding_otherThanPCM_isNamed(_ tag: Int, _ name: String?) {
        #expect(error(WAVFixture(tag: tag).bytes) == .encoding(tag: tag, name: name))
        #expect(error(WAVFixture.extensible(subTag: tag).bytes) == .encoding(tag: tag, name: name))
    }

    @Test func extensible_ofAnUnknownFamilyOrTooShort_isNamed() {
        let unknown = WAVFixture.extensible(guidTail: [UInt8](repeating: 7, count: 14))
        #expect(error(unknown.bytes) == .encoding(tag: 0xFFFE, name: nil))
        let short = WAVFixture(tag: 0xFFFE, formatTail: [0, 0])
        #expect(error(short.bytes) == .brokenFormat(reason: "it is extensible, has 18 bytes and needs 40"))
    }

    @Test(arguments: [0, 8, 12, 24, 32])
    func bitsPerSample_otherThan16_areNamed(_ bits: Int) {
        #expect(error(WAVFixture(bits: bits).bytes) == .bitsPerSample(bits))
    }

    @Test(arguments: [0, 3, 6, 65_535])
    func channels_neitherMonoNorStereo_areNamed(_ channels: Int) {
        #expect(error(WAVFixture(channels: channels, frameBytes: 2).bytes) == .channelCount(channels))
    }

    @Test(arguments: [0, 7_999, 96_001, 192_000])
    func sampleRate_outOfRange_isNamed(_ rate: Int) {
        #expect(error(WAVFixture(sampleRate: rate).bytes) == .sampleRate(rate))
    }

    @Test func format_thatContradictsItselfOrIsShort_isNamed() {
        #expect(
            error(WAVFixture(frameBytes: 4).bytes)
                == .brokenFormat(reason: "it says 4 bytes a frame, where 1 × 16 bits are 2"))
        let short = Array(WAVFixture().bytes[..<12]) + WAVFixture.chunk("fmt ", [UInt8](repeating: 1, count: 14))
        #expect(error(short) == .brokenFormat(reason: "it has 14 bytes and needs 16"))
    }

    @Test func chunk_thatNeverEnds_isRefusedAtItsHeader() {
        for name in ["LIST", "fmt "] {
            var reader = WAVReader()
            let bytes = Array(WAVFixture().bytes[..<12]) + WAVFixture.chunk(name, [], size: 0xFFFF_FFFF)
            #expect(throws: AudioDataError.headerTooLong(limitInBytes: 65_536)) { try reader.read(bytes) }
        }
    }

    @Test func manyEmptyChunks_areRefusedAtTheLimit() {
        let chunks = [[UInt8]](repeating: WAVFixture.chunk("junk", []), count: 10_000).flatMap { $0 }
        #expect(error(WAVFixture(beforeData: chunks).bytes) == .headerTooLong(limitInBytes: 65_536))
    }

    @Test func noSound_isNamed() {
        #expect(error(WAVFixture(samples: []).bytes) == .noSamples)
        #expect(error(WAVFixture(samples: [], dataSize: 0xFFFF_FFFF, riffSize: 0).bytes) == .noSamples)
        // Here the size of RIFF tells that what follows is no sound.
        let tagged = WAVFixture(samples: [], afterData: WAVFixture.chunk("LIST", [1, 2, 3, 4]))
        #expect(error(tagged.bytes) == .noSamples)
    }

    @Test func sound_thatEndsTooSoon_isNamedAfterItsSamplesWereGiven() throws {
        let bytes = WAVFixture().bytes
        var reader = WAVReader()
        #expect(try reader.read(bytes.dropLast(3)) == [1, -2, 300])
        #expect(throws: AudioDataError.truncatedData(announcedBytes: 10, receivedBytes: 7)) { try reader.finish() }
    }

    @Test func halfASample_isNamed() {
        #expect(error(WAVFixture(dataSize: 9).bytes) == .halfSample(bytesPerFrame: 2))
        let stream = WAVFixture(dataSize: 0xFFFF_FFFF, riffSize: 0xFFFF_FFFF).bytes
        #expect(error(stream.dropLast()) == .halfSample(bytesPerFrame: 2))
        let stereo = WAVFixture(channels: 2, samples: [1, 2, 3], dataSize: 0, riffSize: 0)
        #expect(error(stereo.bytes) == .halfSample(bytesPerFrame: 4))
    }

    @Test func afterAnError_everyCallThrowsTheSame() {
        let wrong = AudioDataError.notWAV(looksLike: nil)
        var reader = WAVReader()
        #expect(throws: wrong) { try reader.read(Array("this is no sound".utf8)) }
        #expect(throws: wrong) { try reader.read(WAVFixture().bytes) }
        #expect(throws: wrong) { try reader.finish() }
    }

    @Test func everyError_isOneSentenceWithoutContent() {
        let errors: [AudioDataError] = [
            .empty, .notWAV(looksLike: nil), .notWAV(looksLike: "an MP3 file"), .truncatedHeader(byteCount: 3),
            .headerTooLong(limitInBytes: 9), .missingFormat, .brokenFormat(reason: "why"),
            .encoding(tag: 99, name: nil),
            .encoding(tag: 6, name: "A-law"), .bitsPerSample(24), .channelCount(3), .sampleRate(1), .noSamples,
            .truncatedData(announcedBytes: 10, receivedBytes: 4), .halfSample(bytesPerFrame: 4),
        ]
        for error in errors {
            #expect(!error.description.isEmpty && !error.description.hasSuffix("."))
            #expect(!error.description.contains("AudioDataError") && !error.description.contains("Optional"))
        }
        #expect(AudioDataError.bitsPerSample(24).description.contains("24"))
        #expect(AudioDataError.encoding(tag: 6, name: "A-law").description.contains("A-law"))
    }
}
