/// Why a body that is read while it comes broke off. Thrown at once: what had
/// come and was not read is thrown away.
public enum HTTPBodyError: Error, Sendable, Equatable {
    /// The client closed its side or the whole connection, or sent something
    /// that is not a body. The handler's task is cancelled too. Seen at once,
    /// but for a client that is held back and leaves with more on its way than
    /// the sockets hold: its end comes after those bytes.
    case clientGone
    /// Nothing came for `HTTPBodyStreamLimits.pause`.
    case pauseTooLong
    /// The client was waited for longer than `HTTPBodyStreamLimits.whole`.
    case tookTooLong
    /// More came than `HTTPBodyStreamLimits.bytes`.
    case tooManyBytes
    /// The server stops, and its deadline for what runs is over.
    case serverStopping
    /// The handler has answered, and its body was kept.
    case answered
    /// The task that waited for the next piece was cancelled.
    case cancelled
    /// Somebody else waits for the next piece: a body has one reader.
    case overlappingRead
}
