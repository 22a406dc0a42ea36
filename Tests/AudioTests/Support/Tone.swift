import Foundation

/// Sines, and what can be measured on them.
enum Tone {
    static func sine(_ frequency: Double, rate: Int, seconds: Double, amplitude: Double = 16_000) -> [Int16] {
        (0..<Int(seconds * Double(rate))).map {
            Int16((amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))).rounded())
        }
    }

    /// The amplitude at one frequency (one bin of a Fourier transform, Hann window),
    /// which is that of the sine where there is one.
    static func amplitude(of samples: ArraySlice<Int16>, at frequency: Double, rate: Int) -> Double {
        let count = Double(samples.count)
        var real = 0.0
        var imaginary = 0.0
        for (index, sample) in samples.enumerated() {
            let window = 1 - cos(2 * .pi * Double(index) / count)
            let phase = 2 * .pi * frequency * Double(index) / Double(rate)
            real += window * Double(sample) * cos(phase)
            imaginary += window * Double(sample) * sin(phase)
        }
        return 2 * (real * real + imaginary * imaginary).squareRoot() / count
    }

    /// The frequency by the time between the first and the last rising zero crossing.
    static func frequency(of samples: ArraySlice<Int16>, rate: Int) -> Double {
        var crossings = [Double]()
        for index in samples.indices.dropFirst() where samples[index - 1] < 0 && samples[index] >= 0 {
            let before = Double(samples[index - 1])
            crossings.append(Double(index) - Double(samples[index]) / (Double(samples[index]) - before))
        }
        guard let first = crossings.first, let last = crossings.last, last > first else { return 0 }
        return Double(crossings.count - 1) * Double(rate) / (last - first)
    }

    /// The middle half: away from what begins and ends.
    static func middle(of samples: [Int16]) -> ArraySlice<Int16> {
        samples[samples.count / 4..<samples.count * 3 / 4]
    }
}
