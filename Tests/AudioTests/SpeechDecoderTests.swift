import Audio
import Testing

@Suite struct SpeechDecoderTests {
    private func decoded(_ pieces: [[UInt8]], _ type: AudioType = .wav, to rate: Int = 48_000) throws -> [Int16] {
        let decoder = try SpeechDecoder(type, sampleRate: rate)
        var samples = [Int16]()
        for piece in pieces { samples += try decoder.decode(piece) }
        return try samples + decoder.finish()
    }

    @Test func wav_becomesMonoAtTheRate() throws {
        let tone = Tone.sine(440, rate: 22_050, seconds: 0.4)
        let stereo = WAVFixture(channels: 2, sampleRate: 22_050, samples: tone.flatMap { [$0, $0] }).bytes
        let mono = WAVWriter.file(tone, sampleRate: 22_050)
        let samples = try decoded([mono])
        #expect(samples.count == 19_200)
        #expect(abs(Tone.frequency(of: Tone.middle(of: samples), rate: 48_000) - 440) < 0.2)
        #expect(try decoded([stereo]) == samples)
        for size in [1, 37, 441, 4_096] { #expect(try decoded(stereo.inPieces(of: size)) == samples) }
    }

    @Test func l16_becomesMonoAtTheRate() throws {
        let tone = Tone.sine(440, rate: 24_000, seconds: 0.2)
        let bytes = tone.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let type = try AudioType(contentType: "audio/L16;rate=24000")
        let samples = try decoded(bytes.inPieces(of: 101), type)
        #expect(try samples == decoded([WAVWriter.file(tone, sampleRate: 24_000)]))
        #expect(samples.count == 9_600)
    }

    @Test func soundAtTheRate_comesUntouchedAndAtOnce() throws {
        let decoder = try SpeechDecoder(.wav)
        #expect(try decoder.decode(WAVWriter.header(sampleRate: 48_000, frames: nil)) == [])
        #expect(decoder.format == PCMFormat(sampleRate: 48_000) && decoder.announcedDuration == nil)
        #expect(try decoder.decode([1, 0, 2, 0, 3]) == [1, 2])
        #expect(try decoder.decode([0]) == [3])
        #expect(try decoder.finish() == [])
    }

    @Test func durations_areTold() throws {
        let decoder = try SpeechDecoder(.wav)
        #expect(decoder.announcedDuration == nil && decoder.decodedDuration == .zero)
        let file = WAVWriter.file([Int16](repeating: 5, count: 12_000), sampleRate: 8_000)
        _ = try decoder.decode(file)
        #expect(decoder.announcedDuration == .milliseconds(1_500))
        #expect(decoder.isComplete)
        #expect(decoder.decodedDuration > .milliseconds(1_480))
        _ = try decoder.finish()
        #expect(decoder.decodedDuration == .milliseconds(1_500))
    }

    /// Sound comes out while it goes in: what is held back is a few milliseconds.
    @Test(arguments: ResamplerTests.rates)
    func sound_isHeldBackByFiveMillisecondsAtMost(_ rate: Int) throws {
        let decoder = try SpeechDecoder(.wav)
        _ = try decoder.decode(WAVWriter.header(sampleRate: rate, frames: nil))
        let output = try decoder.decode(PCMBytes.bytes(of: Tone.sine(440, rate: rate, seconds: 0.02)))
        #expect(output.count >= 960 - 245 && output.count <= 960)
    }

    @Test func badBodies_areNamed() throws {
        #expect(throws: AudioDataError.empty) { try decoded([]) }
        #expect(throws: AudioDataError.notWAV(looksLike: nil)) { try decoded([Array("some text, no sound".utf8)]) }
        #expect(throws: AudioDataError.truncatedData(announcedBytes: 10, receivedBytes: 4)) {
            try decoded([WAVFixture().bytes.dropLast(6)])
        }
        #expect(throws: AudioDataError.halfSample(bytesPerFrame: 2)) {
            try decoded([[1]], .l16(PCMFormat(sampleRate: 8_000)))
        }
        #expect(throws: AudioTypeError.channelCount(6)) {
            try SpeechDecoder(.l16(PCMFormat(sampleRate: 8_000, channels: 6)))
        }
        #expect(throws: ResamplerError.sampleRate(7)) { try SpeechDecoder(.wav, sampleRate: 7) }
    }

    @Test func whatFollowsTheSound_isPassedOver() throws {
        let file = WAVWriter.file([1, 2, 3], sampleRate: 48_000)
        #expect(try decoded([file, [UInt8](repeating: 1, count: 1_000), [9]]) == [1, 2, 3])
    }
}
