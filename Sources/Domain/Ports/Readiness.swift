/// Something that the service needs, and whether it is there: what `/readyz`
/// asks.
public protocol ReadinessProbe: Sendable {
    /// What is looked at: `database`, `migrations`, `room_server`.
    var name: String { get }
    /// Nil when it is there; otherwise what is wrong, without secrets. Answers
    /// within two seconds.
    func problem() async -> String?
}

/// Makes what a browser joins a room with.
public protocol ParticipantTokenIssuer: Sendable {
    /// A signed LiveKit access token for `request`, valid from `now` on.
    func issue(_ request: ParticipantTokenRequest, now: Timestamp) throws(TurngateError) -> ParticipantToken
}

/// A token as asked for.
public struct ParticipantTokenRequest: Sendable, Equatable {
    /// The one room that the token lets into.
    public var room: String
    /// Whom it lets in; unique in the room, and not the agent's own.
    public var identity: String
    /// The display name; empty for none.
    public var name: String
    /// Attributes that the participant has from its join on; empty for none.
    public var attributes: [String: String]
    /// Whether the participant may publish tracks.
    public var canPublish: Bool
    /// Whether the participant may receive the others' tracks.
    public var canSubscribe: Bool
    /// 1 s … 24 h.
    public var timeToLive: Duration

    public init(
        room: String, identity: String, name: String, attributes: [String: String], canPublish: Bool,
        canSubscribe: Bool, timeToLive: Duration
    ) {
        self.room = room
        self.identity = identity
        self.name = name
        self.attributes = attributes
        self.canPublish = canPublish
        self.canSubscribe = canSubscribe
        self.timeToLive = timeToLive
    }
}

/// A token, with where it is good for.
public struct ParticipantToken: Sendable, Equatable {
    /// The JSON Web Token, signed with the room server's API secret; a credential,
    /// never logged.
    public var token: String
    /// The room server's WebSocket URL.
    public var url: String
    /// The room that it lets into.
    public var room: String
    /// When it ends, to the second; a join that was made before goes on.
    public var expiresAt: Timestamp

    public init(token: String, url: String, room: String, expiresAt: Timestamp) {
        self.token = token
        self.url = url
        self.room = room
        self.expiresAt = expiresAt
    }
}

/// Who may call: the API's keys, and LiveKit's tokens.
public protocol CallerAuthenticator: Sendable {
    /// The caller whose credential this is: an API key's secret, compared in
    /// constant time, or a LiveKit access token that is good at `now`.
    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller

    /// Whether a caller that was let in before would be at `now`, for something
    /// that needs `scope`. For answers that go on for long; cheap enough to be
    /// asked twice a second for each.
    func stillAdmits(_ caller: Caller, for scope: Caller.Scope, now: Timestamp) -> Bool
}

extension CallerAuthenticator {
    /// By what the caller itself knows: for credentials that are not withdrawn.
    public func stillAdmits(_ caller: Caller, for scope: Caller.Scope, now: Timestamp) -> Bool {
        caller.scope >= scope && caller.expiresAt.map { now < $0 } ?? true
    }
}

/// Why a credential is not taken.
public enum CredentialRefusal: Error, Sendable, Equatable {
    /// No API key of ours, and no token that was signed with the configured secret.
    case unknown
    /// A token of ours that is over.
    case expired
    /// A token of ours that is not good yet.
    case notYetValid
    /// A token of ours whose grants allow nothing here: it does not administer a
    /// room.
    case powerless
}

/// A caller that was recognised.
public struct Caller: Sendable, Hashable {
    /// The key's name: the `actor` of what it does. Of a token, its identity.
    public var name: String
    /// What the credential may do.
    public var scope: Scope
    /// The one room whose sessions are the caller's; nil: all rooms, and the
    /// service itself.
    public var room: String?
    /// From when on the credential is not taken any more; nil: it has no end of
    /// its own.
    public var expiresAt: Timestamp?
    /// The digest of an API key's secret, by which the key is found in the list
    /// that is in force later; nil for a token.
    public var keyDigest: [UInt8]?

    /// `admin` may all that `write` may, and `write` all that `read` may.
    public enum Scope: Int, Sendable, Comparable, CaseIterable {
        case read, write, admin

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// A caller of all rooms whose credential does not end, unless said otherwise.
    public init(
        name: String, scope: Scope, room: String? = nil, expiresAt: Timestamp? = nil, keyDigest: [UInt8]? = nil
    ) {
        self.name = name
        self.scope = scope
        self.room = room
        self.expiresAt = expiresAt
        self.keyDigest = keyDigest
    }
}
