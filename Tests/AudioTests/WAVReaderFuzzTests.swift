import Audio
import Testing

/// Broken headers of every kind: no crash, no endless loop, no sample from nowhere.
@Suite struct WAVReaderFuzzTests {
    private func mutated(_ bytes: [UInt8], with random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 4: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random) / 4)
            default: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }

    /// The samples that came until the end or the error, and how it ended.
    private func outcome(_ pieces: [[UInt8]]) -> (samples: [Int16], error: AudioDataError?) {
        var reader = WAVReader()
        var samples = [Int16]()
        do {
            for piece in pieces { samples += try reader.read(piece) }
            try reader.finish()
            return (samples, nil)
        } catch {
            return (samples, error)
        }
    }

    @Test func mutatedFiles_neverCrash_norGiveMoreSamplesThanBytes() {
        var random = SeededGenerator(seed: 20_261_122)
        let shapes = WAVReaderTests.shapes.map(\.bytes)
        var accepted = 0
        for round in 0..<10_000 {
            let bytes = mutated(shapes[round % shapes.count], with: &random)
            let whole = outcome([bytes])
            #expect(whole.samples.count * 2 <= bytes.count)
            let cut = outcome(bytes.inPieces(of: Int.random(in: 1...9, using: &random)))
            #expect(cut.samples == whole.samples && cut.error == whole.error, "round \(round)")
            if whole.error == nil {
                accepted += 1
                #expect(!whole.samples.isEmpty)
            }
        }
        // Were nothing or everything let through, the fuzzing would reach nothing.
        #expect((500...9_500).contains(accepted))
    }
}
