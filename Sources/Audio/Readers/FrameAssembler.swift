/// Makes samples of bytes and keeps the piece of a frame that is left over.
struct FrameAssembler: Sendable {
    let bytesPerFrame: Int
    private let order: ByteOrder
    private var leftover = [UInt8]()

    init(bytesPerFrame: Int, order: ByteOrder) {
        self.bytesPerFrame = bytesPerFrame
        self.order = order
    }

    /// Whether all that came were whole frames.
    var isAtFrameBorder: Bool { leftover.isEmpty }

    /// The samples of all frames that are complete with these bytes.
    mutating func samples(from bytes: RawSpan) -> [Int16] {
        let total = leftover.count + bytes.byteCount
        let whole = total - total % bytesPerFrame
        guard whole > 0 else {
            bytes.withUnsafeBytes { leftover.append(contentsOf: $0) }
            return []
        }
        let taken = whole - leftover.count
        let samples = join(bytes.extracting(first: taken), wholeBytes: whole)
        leftover.removeAll(keepingCapacity: true)
        bytes.extracting(droppingFirst: taken).withUnsafeBytes { leftover.append(contentsOf: $0) }
        return samples
    }

    /// The bytes that were left over and `bytes`, in one copy.
    private func join(_ bytes: RawSpan, wholeBytes: Int) -> [Int16] {
        let count = wholeBytes / MemoryLayout<Int16>.size
        return [Int16](unsafeUninitializedCapacity: count) { samples, initialized in
            let raw = UnsafeMutableRawBufferPointer(samples)
            raw.copyBytes(from: leftover)
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: raw[leftover.count...]).copyMemory(from: $0)
            }
            initialized = count
            if order != .host {
                for index in samples.indices { samples[index] = samples[index].byteSwapped }
            }
        }
    }
}
