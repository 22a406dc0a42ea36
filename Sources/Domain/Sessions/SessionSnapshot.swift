import Synchronization

/// A session as it stood at one moment, and its encoding, made once at most for
/// all who ask before it changes again.
public struct SessionSnapshot: Sendable {
    /// As it stood.
    public let session: Session
    private let encoding = Encoding()

    /// A moment of `session`'s, not encoded yet.
    public init(_ session: Session) { self.session = session }

    /// What `encode` makes of the session, or has made before. All who ask have
    /// to ask for the same encoding.
    public func encoded(_ encode: (Session) -> [UInt8]) -> [UInt8] {
        if let bytes = encoding.bytes.withLock({ $0 }) { return bytes }
        // Two may do it at once; it comes to the same.
        let bytes = encode(session)
        encoding.bytes.withLock { $0 = bytes }
        return bytes
    }

    private final class Encoding: Sendable {
        let bytes = Mutex<[UInt8]?>(nil)
    }
}

/// A session to be shown: as it stands, or as it was left in writing when it was
/// over.
public enum ShownSession: Sendable {
    /// Still to be encoded, unless somebody has asked before.
    case standing(SessionSnapshot)
    /// What the encoding would come to.
    case written([UInt8])

    /// The session's encoding, which `encode` makes where it is not there yet.
    public func encoded(_ encode: (Session) -> [UInt8]) -> [UInt8] {
        switch self {
        case .standing(let snapshot): snapshot.encoded(encode)
        case .written(let bytes): bytes
        }
    }
}
