import CSpeexDSP

/// Owns one resampler of the library, for one stream of mono sound.
///
/// The library holds no globals; a state may be used from any thread, by one at a
/// time.
struct ResamplerState: ~Copyable {
    private let handle: OpaquePointer
    private let inputRate: Int
    private let outputRate: Int
    private var inputCount = 0
    private var outputCount = 0

    init(from inputRate: Int, to outputRate: Int, quality: Int32) throws(ResamplerError) {
        var code: Int32 = 0
        let made = speex_resampler_init(1, spx_uint32_t(inputRate), spx_uint32_t(outputRate), quality, &code)
        guard let made, code == 0 else {
            if let made { speex_resampler_destroy(made) }
            throw ResamplerError(code: code == 0 ? Int32(RESAMPLER_ERR_ALLOC_FAILED) : code)
        }
        handle = made
        self.inputRate = inputRate
        self.outputRate = outputRate
        speex_resampler_skip_zeros(handle)
    }

    deinit { speex_resampler_destroy(handle) }

    mutating func process(_ input: [Int16]) throws(ResamplerError) -> [Int16] {
        // Never more than the ratio says, but for the fraction that a call before left over.
        let capacity = Self.scaled(input.count, by: outputRate, over: inputRate) + 2
        let output = try run(input, capacity: capacity)
        guard output.count < capacity else { throw .library("more came out than the rates explain") }
        inputCount += input.count
        outputCount += output.count
        return output
    }

    /// What the filter still holds, up to exactly the length that the ratio gives;
    /// then everything is as at the start.
    mutating func flush() throws(ResamplerError) -> [Int16] {
        let missing = Self.scaled(inputCount, by: outputRate, over: inputRate) - outputCount
        var tail = [Int16]()
        if missing > 0 {
            // Half the filter's length of silence pushes the last sample through; the
            // two more are for the fraction.
            let silence = Int(speex_resampler_get_input_latency(handle)) + 2 + inputRate / outputRate
            tail = try run([Int16](repeating: 0, count: silence), capacity: missing)
        }
        speex_resampler_reset_mem(handle)
        speex_resampler_skip_zeros(handle)
        inputCount = 0
        outputCount = 0
        return tail
    }

    /// Runs until the input is used up or `capacity` samples have come out.
    private func run(_ input: [Int16], capacity: Int) throws(ResamplerError) -> [Int16] {
        var code: Int32 = 0
        let output = input.withUnsafeBufferPointer { input in
            [Int16](unsafeUninitializedCapacity: capacity) { output, written in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                var taken = 0
                while taken < input.count, written < capacity {
                    var inputLength = spx_uint32_t(clamping: input.count - taken)
                    var outputLength = spx_uint32_t(clamping: capacity - written)
                    code = speex_resampler_process_int(
                        handle, 0, source + taken, &inputLength, target + written, &outputLength)
                    // Without progress it would go on for ever.
                    guard code == 0, inputLength > 0 || outputLength > 0 else { break }
                    taken += Int(inputLength)
                    written += Int(outputLength)
                }
            }
        }
        guard code == 0 else { throw ResamplerError(code: code) }
        return output
    }

    /// `count` × `numerator` / `denominator`, rounded.
    private static func scaled(_ count: Int, by numerator: Int, over denominator: Int) -> Int {
        (2 * count * numerator + denominator) / (2 * denominator)
    }
}
