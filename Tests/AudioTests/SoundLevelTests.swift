import Audio
import Testing

@Suite struct SoundLevelTests {
    @Test func silence_isAtTheFloor() {
        #expect(SoundLevel.rms(of: []) == SoundLevel.floor && SoundLevel.peak(of: []) == -100)
        #expect(SoundLevel.rms(of: [0, 0, 0]) == -100 && SoundLevel.peak(of: [0]) == -100)
        #expect(SoundLevel.rms(of: [1] + [Int16](repeating: 0, count: 47_999)) == -100)
    }

    @Test func fullScale_isZero() {
        #expect(SoundLevel.rms(of: [Int16](repeating: .min, count: 960)) == 0)
        #expect(SoundLevel.peak(of: [0, .min, 5]) == 0)
        #expect(abs(SoundLevel.peak(of: [.max])) < 0.001)
    }

    @Test func sine_isThreeDecibelsBelowItsPeak() {
        let tone = Tone.sine(1_000, rate: 48_000, seconds: 0.02, amplitude: 3_276.8)
        #expect(abs(SoundLevel.rms(of: tone) + 23.01) < 0.02)
        #expect(abs(SoundLevel.peak(of: tone) + 20) < 0.01)
    }
}
