/// Stereo to mono.
public enum Downmix {
    /// The average of left and right of each frame. Rounds towards zero, so that it
    /// adds no offset; cannot overflow. `stereo` is interleaved; half a frame at the
    /// end is left out.
    public static func mono(_ stereo: [Int16]) -> [Int16] {
        let count = stereo.count / 2
        return stereo.withUnsafeBufferPointer { stereo in
            [Int16](unsafeUninitializedCapacity: count) { mono, initialized in
                for index in 0..<count {
                    let sum = Int32(stereo[2 * index]) + Int32(stereo[2 * index + 1])
                    mono.initializeElement(at: index, to: Int16(truncatingIfNeeded: sum / 2))
                }
                initialized = count
            }
        }
    }
}
