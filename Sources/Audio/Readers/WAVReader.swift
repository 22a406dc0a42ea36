/// Reads a WAV file (RIFF/WAVE) of 16-bit linear PCM as it comes, also where its
/// format is `WAVE_FORMAT_EXTENSIBLE`. Chunks before `data` are skipped, chunks
/// after it passed over. Sizes that say nothing (`WAVSizes.isOpen`) mean: until the
/// end of the body.
public struct WAVReader: PCMReader {
    /// The sound must begin within so many bytes: tags and pictures have their
    /// place before it, an endless header has not.
    public static let headerLimitInBytes = 64 * 1024

    public private(set) var format: PCMFormat?
    public private(set) var announcedFrames: Int?
    public var isComplete: Bool { stage == .trailer }

    private enum Stage: Equatable {
        case riff
        case chunk
        case format
        /// `remaining` bytes of sound are to come; nil: until the end.
        case data(remaining: Int?)
        case trailer
        case failed(AudioDataError)
    }

    private var stage = Stage.riff
    /// What is being gathered of the header, and how much of it there must be.
    private var gathered = [UInt8]()
    private var needed = WAVPreamble.byteCount
    /// Bytes to pass over before gathering goes on.
    private var skip = 0
    private var headerBytes = 0
    private var riffEnd: Int?
    private var assembler: FrameAssembler?
    private var dataBytes = 0

    /// Ready for the first byte.
    public init() {}

    public mutating func read(_ bytes: RawSpan) throws(AudioDataError) -> [Int16] {
        do throws(AudioDataError) {
            let sound = try readHeader(bytes)
            return readData(bytes.extracting(droppingFirst: sound))
        } catch {
            stage = .failed(error)
            throw error
        }
    }

    public mutating func finish() throws(AudioDataError) {
        guard let missing else { return }
        stage = .failed(missing)
        throw missing
    }

    /// What a body that ends now lacks.
    private var missing: AudioDataError? {
        switch stage {
        case .failed(let error): return error
        case .trailer: return nil
        case .riff:
            if gathered.isEmpty { return .empty }
            return WAVPreamble.error(ofBeginning: gathered) ?? .truncatedHeader(byteCount: headerBytes)
        case .chunk, .format: return .truncatedHeader(byteCount: headerBytes)
        case .data(.some(let remaining)):
            return .truncatedData(announcedBytes: dataBytes + remaining, receivedBytes: dataBytes)
        case .data(nil):
            guard dataBytes > 0 else { return .noSamples }
            guard let assembler, !assembler.isAtFrameBorder else { return nil }
            return .halfSample(bytesPerFrame: assembler.bytesPerFrame)
        }
    }

    // MARK: the sound

    private mutating func readData(_ bytes: RawSpan) -> [Int16] {
        guard case .data(let remaining) = stage, !bytes.isEmpty else { return [] }
        let taken = min(bytes.byteCount, remaining ?? .max)
        dataBytes += taken
        if let remaining { stage = remaining == taken ? .trailer : .data(remaining: remaining - taken) }
        return assembler?.samples(from: bytes.extracting(first: taken)) ?? []
    }

    // MARK: the header

    /// Takes what belongs to the header and says how many bytes that were.
    private mutating func readHeader(_ bytes: RawSpan) throws(AudioDataError) -> Int {
        var offset = 0
        while true {
            switch stage {
            case .failed(let error): throw error
            case .data, .trailer: return offset
            case .riff, .chunk, .format: break
            }
            if offset == bytes.byteCount { return offset }
            offset += gather(bytes.extracting(droppingFirst: offset))
            guard skip == 0, gathered.count == needed else { continue }
            let whole = gathered
            gathered.removeAll(keepingCapacity: true)
            try advance(with: whole)
        }
    }

    /// Passes over what is to be skipped, or gathers; says how many bytes it took.
    private mutating func gather(_ bytes: RawSpan) -> Int {
        let taken = min(bytes.byteCount, skip > 0 ? skip : needed - gathered.count)
        if skip > 0 {
            skip -= taken
        } else {
            bytes.extracting(first: taken).withUnsafeBytes { gathered.append(contentsOf: $0) }
        }
        headerBytes += taken
        return taken
    }

    private mutating func advance(with whole: [UInt8]) throws(AudioDataError) {
        switch stage {
        case .riff:
            if let error = WAVPreamble.error(ofBeginning: whole) { throw error }
            let size = WAVSizes.size(in: whole, at: 4)
            riffEnd = WAVSizes.isOpen(size) ? nil : size + 8
            expectChunk()
        case .chunk: try beginChunk(whole)
        case .format:
            format = try WAVFormatChunk(whole).format()
            expectChunk()
        case .data, .trailer, .failed: break
        }
    }

    private mutating func expectChunk() {
        stage = .chunk
        needed = WAVSizes.chunkHeader
    }

    private mutating func beginChunk(_ header: [UInt8]) throws(AudioDataError) {
        let size = WAVSizes.size(in: header, at: 4)
        let name = header.prefix(4)
        if name.elementsEqual("data".utf8) { return try beginData(size: size) }
        // Chunks begin at even places; the byte that fills up is in no size.
        let padded = size + size % 2
        guard headerBytes + padded + WAVSizes.chunkHeader <= Self.headerLimitInBytes else {
            throw .headerTooLong(limitInBytes: Self.headerLimitInBytes)
        }
        guard name.elementsEqual("fmt ".utf8) else {
            skip = padded
            return
        }
        try WAVFormatChunk.check(byteCount: size)
        stage = .format
        needed = padded
    }

    private mutating func beginData(size: Int) throws(AudioDataError) {
        guard let format else { throw .missingFormat }
        let isOpen = WAVSizes.isOpen(size)
        // A writer that goes back leaves the size of RIFF right: when that says that
        // something follows a `data` of nothing, then nothing is what it holds.
        if size == 0, let riffEnd, riffEnd >= headerBytes + WAVSizes.chunkHeader { throw .noSamples }
        guard isOpen || size % format.bytesPerFrame == 0 else {
            throw .halfSample(bytesPerFrame: format.bytesPerFrame)
        }
        announcedFrames = isOpen ? nil : size / format.bytesPerFrame
        assembler = FrameAssembler(bytesPerFrame: format.bytesPerFrame, order: .little)
        stage = .data(remaining: isOpen ? nil : size)
    }
}
