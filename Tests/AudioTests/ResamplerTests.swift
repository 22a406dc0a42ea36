import Audio
import Foundation
import Testing

@Suite struct ResamplerTests {
    static let rates = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]

    private func resampled(_ samples: [Int16], from: Int, to: Int, pieces: [Int] = []) throws -> [Int16] {
        let resampler = try Resampler(from: from, to: to)
        var output = [Int16]()
        var offset = 0
        for piece in pieces {
            let end = min(offset + piece, samples.count)
            output += try resampler.process(Array(samples[offset..<end]))
            offset = end
        }
        output += try resampler.process(Array(samples[offset...]))
        return try output + resampler.flush()
    }

    @Test(arguments: rates, [48_000, 16_000, 8_000, 24_000])
    func tone_keepsFrequencyLevelAndLength(_ from: Int, _ to: Int) throws {
        let tone = Tone.sine(440, rate: from, seconds: 0.5)
        let output = try resampled(tone, from: from, to: to)
        #expect(output.count == Int((Double(tone.count) * Double(to) / Double(from)).rounded()))
        let middle = Tone.middle(of: output)
        #expect(abs(Tone.frequency(of: middle, rate: to) - 440) < 0.2)
        let amplitude = Tone.amplitude(of: middle, at: 440, rate: to)
        #expect(abs(20 * log10(amplitude / 16_000)) < 0.05)
    }

    /// The rest of the signal, the tone taken away, is noise that nobody hears.
    @Test(arguments: rates)
    func tone_getsNoOvertones(_ from: Int) throws {
        let middle = Tone.middle(of: try resampled(Tone.sine(440, rate: from, seconds: 0.5), from: from, to: 48_000))
        let mean = Double(middle.reduce(0) { $0 + Int(Int32($1) * Int32($1)) }) / Double(middle.count)
        for other in [880.0, 1_320, 3_560, Double(from) / 2 + 300, Double(min(from, 46_000)) - 440] {
            let level = 20 * log10(max(Tone.amplitude(of: middle, at: other, rate: 48_000), 0.001) / mean.squareRoot())
            #expect(level < -75, "\(other) Hz at \(level) dB")
        }
    }

    @Test func toneAboveHalfTheNewRate_isGone() throws {
        let output = try resampled(Tone.sine(5_000, rate: 48_000, seconds: 0.5), from: 48_000, to: 8_000)
        #expect(SoundLevel.rms(of: Array(Tone.middle(of: output))) < -80)
    }

    @Test(arguments: [(8_000, 48_000), (11_025, 48_000), (44_100, 48_000), (48_000, 16_000), (96_000, 48_000)])
    func pieces_cutAnywhere_giveTheSameSamples(_ from: Int, _ to: Int) throws {
        var random = SeededGenerator(seed: 7)
        let noise = (0..<from / 2).map { _ in Int16.random(in: -20_000...20_000, using: &random) }
        let whole = try resampled(noise, from: from, to: to)
        let byOne = [Int](repeating: 1, count: 500)
        let atRandom = (0..<200).map { _ in Int.random(in: 0...99, using: &random) }
        let frames = [Int](repeating: from / 50, count: 25)
        for pieces in [byOne, atRandom, frames] {
            #expect(try resampled(noise, from: from, to: to, pieces: pieces) == whole)
        }
    }

    /// A click in the middle of silence comes out where it went in.
    @Test(arguments: rates, [48_000, 16_000, 8_000])
    func impulse_staysAtItsTime(_ from: Int, _ to: Int) throws {
        var click = [Int16](repeating: 0, count: from / 5)
        click[from / 10] = 30_000
        let output = try resampled(click, from: from, to: to)
        let peak = try #require(output.indices.max { output[$0].magnitude < output[$1].magnitude })
        let shift = Double(peak) / Double(to) - Double(from / 10) / Double(from)
        #expect(abs(shift) < 0.0002, "\(shift) s")
    }

    /// Neither the first nor the last sample is lost: an edge at either end.
    @Test(arguments: rates)
    func loudEnds_areThere(_ from: Int) throws {
        let loud = [Int16](repeating: 10_000, count: from / 10)
        let output = try resampled(loud, from: from, to: 48_000)
        let edge = 48_000 / 1_000
        #expect(output.prefix(edge).contains { $0 > 9_000 } && output.suffix(edge).contains { $0 > 9_000 })
        #expect(Tone.middle(of: output).allSatisfy { abs(Int($0) - 10_000) < 60 })
    }

    @Test(arguments: [(8_000, 48_000), (11_025, 48_000), (96_000, 8_000), (44_100, 16_000)])
    func shortInputs_haveTheirLength(_ from: Int, _ to: Int) throws {
        for count in [0, 1, 2, 3, 10, 99] {
            let output = try resampled([Int16](repeating: 1_000, count: count), from: from, to: to)
            #expect(output.count == Int((Double(count) * Double(to) / Double(from)).rounded()))
        }
    }

    @Test func fullScale_isCutNotWrapped() throws {
        let square = (0..<4_800).map { $0 / 24 % 2 == 0 ? Int16.max : Int16.min }
        let output = try resampled(square, from: 48_000, to: 16_000)
        // Wrapped samples would have the wrong sign in the middle of a half wave.
        for start in stride(from: 160, to: 1_440, by: 16) {
            #expect(output[start + 4] > 25_000 && output[start + 12] < -25_000)
        }
    }

    @Test func equalRates_passThroughUntouched() throws {
        let resampler = try Resampler(from: 48_000, to: 48_000)
        #expect(try resampler.process([1, 2, 3]) == [1, 2, 3])
        #expect(try resampler.flush() == [])
    }

    /// The first stream ends loud and at a fraction of a sample; nothing of it may
    /// sound in the second.
    @Test(arguments: [(16_000, 48_000), (11_025, 48_000), (44_100, 16_000)])
    func afterAFlush_itIsAsNew(_ from: Int, _ to: Int) throws {
        let resampler = try Resampler(from: from, to: to)
        let loud = [Int16](repeating: 30_000, count: 1_001)
        let tone = Tone.sine(300, rate: from, seconds: 0.1)
        let first = try resampler.process(loud) + resampler.flush()
        #expect(try first == resampled(loud, from: from, to: to))
        let second = try resampler.process(tone) + resampler.flush()
        #expect(try second == resampled(tone, from: from, to: to))
        #expect(try resampler.flush() == [])
    }

    @Test(arguments: [(0, 48_000), (999, 48_000), (48_000, 192_001), (-1, 48_000)])
    func rates_outOfRange_areRefused(_ from: Int, _ to: Int) {
        let wrong = Resampler.sampleRates.contains(from) ? to : from
        #expect(throws: ResamplerError.sampleRate(wrong)) { try Resampler(from: from, to: to) }
    }
}
