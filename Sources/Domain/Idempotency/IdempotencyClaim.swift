import Foundation

/// The right to carry out the one call that an `Idempotency-Key` stands for.
public struct IdempotencyClaim: Sendable, Hashable {
    /// Names the attempt: another one, after this one's process died, has another.
    public var id: UUID

    public init(id: UUID) { self.id = id }
}

/// A key as it came, with what it came with.
public struct IdempotencyRequest: Sendable, Equatable {
    /// Whose key: the name of the API key or token; two callers' keys never meet.
    public var caller: String
    /// 1…255 visible ASCII characters.
    public var key: String
    /// SHA-256 over what the call is: method, target and body.
    public var fingerprint: [UInt8]

    public init(caller: String, key: String, fingerprint: [UInt8]) {
        self.caller = caller
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// An answer as it is kept for repeats of its call.
public struct StoredReply: Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// Those that the call itself set, `Content-Type` and `Location` for instance.
    public var headers: [Header]
    /// At most 16 MiB.
    public var body: [UInt8]

    /// One header field.
    public struct Header: Sendable, Equatable, Codable {
        /// As it was written.
        public var name: String
        /// Without surrounding white space.
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What a key came to.
public enum IdempotencyOutcome: Sendable, Equatable {
    /// Nobody has carried it out: do it, then `complete` or `release`.
    case claimed(IdempotencyClaim)
    /// Somebody is at it.
    case running
    /// The key was used for another call.
    case mismatch
    /// It was carried out, and this is what was answered.
    case replied(StoredReply)
    /// It was carried out by a process that died before it had answered; this
    /// is what came of it. The claim is the asker's now, and nobody else's:
    /// answer, then `complete` or `release`.
    case made(Made, IdempotencyClaim)

    /// What a call that died had made.
    public enum Made: Sendable, Equatable {
        case session(SessionID)
        case webhook(WebhookID)
        /// Not the webhook, but a new secret for it.
        case secret(of: WebhookID)
        /// A default method, by its name.
        case defaultMethod(String)
    }
}
