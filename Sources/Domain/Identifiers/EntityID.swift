import Foundation

/// What a kind of thing is called in its ids.
public protocol EntityKind: Sendable {
    /// The letters before the underscore, for instance `ses`.
    static var prefix: String { get }
}

/// An id as the API shows it: a prefix and 26 characters of Crockford base32
/// over a UUIDv7, so that ids sort by the time they were made. PostgreSQL
/// holds the bare `uuid`.
public struct EntityID<Kind: EntityKind>: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The UUIDv7 underneath.
    public let uuid: UUID

    public init(uuid: UUID) { self.uuid = uuid }

    /// A new id for something made at `time`.
    public init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        self.init(uuid: UUIDv7.make(at: time, using: &generator))
    }

    /// A new id for something made at `time`, with the system's randomness.
    public init(at time: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: time, using: &generator)
    }

    /// Reads an id in exactly the form that `description` writes; nil for
    /// anything else.
    public init?(_ text: some StringProtocol) {
        // A string's bytes lie in one piece; where they do not, they are brought together first.
        guard let uuid = text.utf8.withContiguousStorageIfAvailable(Self.uuid) ?? Self.uuid(of: Array(text.utf8))
        else { return nil }
        self.init(uuid: uuid)
    }

    private static func uuid(of bytes: [UInt8]) -> UUID? { bytes.withUnsafeBufferPointer(uuid) }

    private static func uuid(of bytes: UnsafeBufferPointer<UInt8>) -> UUID? {
        let prefix = Kind.prefix.utf8
        let digits = prefix.count + 1
        guard bytes.count == digits + CrockfordBase32.length, bytes[digits - 1] == UInt8(ascii: "_"),
            zip(prefix, bytes).allSatisfy(==)
        else { return nil }
        return CrockfordBase32.uuid(from: UnsafeBufferPointer(rebasing: bytes[digits...]))
    }

    public var description: String { "\(Kind.prefix)_\(CrockfordBase32.text(of: uuid))" }

    public static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

/// Sessions: `ses_…`.
public enum SessionKind: EntityKind { public static let prefix = "ses" }
/// Turn notifications: `ntf_…`.
public enum NotificationKind: EntityKind { public static let prefix = "ntf" }
/// Turns: `turn_…`.
public enum TurnKind: EntityKind { public static let prefix = "turn" }
/// Speeches: `spc_…`.
public enum SpeechKind: EntityKind { public static let prefix = "spc" }
/// Readers of gated audio: `rdr_…`.
public enum ReaderKind: EntityKind { public static let prefix = "rdr" }
/// Invocations of RPC methods, in and out: `inv_…`.
public enum InvocationKind: EntityKind { public static let prefix = "inv" }
/// Events: `evt_…`.
public enum EventKind: EntityKind { public static let prefix = "evt" }
/// Webhooks: `whk_…`.
public enum WebhookKind: EntityKind { public static let prefix = "whk" }
/// Deliveries of events to webhooks: `dlv_…`.
public enum DeliveryKind: EntityKind { public static let prefix = "dlv" }

/// `ses_…`
public typealias SessionID = EntityID<SessionKind>
/// `ntf_…`
public typealias NotificationID = EntityID<NotificationKind>
/// `turn_…`
public typealias TurnID = EntityID<TurnKind>
/// `spc_…`
public typealias SpeechID = EntityID<SpeechKind>
/// `rdr_…`
public typealias ReaderID = EntityID<ReaderKind>
/// `inv_…`
public typealias InvocationID = EntityID<InvocationKind>
/// `evt_…`
public typealias EventID = EntityID<EventKind>
/// `whk_…`
public typealias WebhookID = EntityID<WebhookKind>
/// `dlv_…`
public typealias DeliveryID = EntityID<DeliveryKind>
