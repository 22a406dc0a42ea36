/// Takes the bytes of a body as they come, in pieces of any size, and gives the
/// samples as soon as they are there. Where the pieces are cut makes no difference
/// to what comes out. Once `read` has thrown, every further call throws the same.
public protocol PCMReader: Sendable {
    /// Sample rate and channels; nil until the bytes have told.
    var format: PCMFormat? { get }
    /// Frames that the header promised; nil while unknown, and where the sound goes
    /// on until the end of the body.
    var announcedFrames: Int? { get }
    /// Whether all the frames that were promised have been given: what follows
    /// is passed over.
    var isComplete: Bool { get }
    /// Takes the next bytes and gives what samples they complete, channels
    /// interleaved, whole frames only: at most half as many samples as bytes have
    /// come in all. Keeps less than one frame, or a part of the header.
    mutating func read(_ bytes: RawSpan) throws(AudioDataError) -> [Int16]
    /// To be called when the body is over: throws what is missing.
    mutating func finish() throws(AudioDataError)
}

extension PCMReader {
    /// The same for an array.
    public mutating func read(_ bytes: [UInt8]) throws(AudioDataError) -> [Int16] {
        try read(bytes.span.bytes)
    }

    /// The same for a part of an array.
    public mutating func read(_ bytes: ArraySlice<UInt8>) throws(AudioDataError) -> [Int16] {
        try read(bytes.span.bytes)
    }
}
