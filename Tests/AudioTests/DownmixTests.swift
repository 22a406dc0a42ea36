import Audio
import Testing

@Suite struct DownmixTests {
    @Test func mono_isTheAverageWithoutOverflow() {
        let stereo: [Int16] = [.max, .max, .min, .min, .max, .min, 100, 200, 3, 4, -3, -4, 0, 1, 0, -1]
        #expect(Downmix.mono(stereo) == [.max, .min, 0, 150, 3, -3, 0, 0])
    }

    @Test func halfAFrame_isLeftOut() {
        #expect(Downmix.mono([2, 4, 9]) == [3])
        #expect(Downmix.mono([]) == [])
    }
}
