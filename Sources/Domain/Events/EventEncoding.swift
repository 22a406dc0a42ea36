/// How what happens is written as an event's `data`: the contract's matter,
/// so ControlAPI implements it and the store calls it.
public protocol EventEncoding: Sendable {
    /// The events that come of `news`, in their order; most have one, some
    /// (counts, steps between) none.
    func events(of news: SessionNews) -> [EventDraft]
}

/// Something that the store is about to write.
public enum SessionNews: Sendable, Equatable {
    /// The session is new.
    case created(Session)
    /// The session was patched.
    case updated(Session)
    /// What the journal took.
    case entry(JournalEntry)
}

/// An event before it has its number.
public struct EventDraft: Sendable, Equatable {
    /// What it is called.
    public var type: EventType
    /// When it happened.
    public var at: Timestamp
    /// A JSON object in UTF-8.
    public var data: [UInt8]

    public init(type: EventType, at: Timestamp, data: [UInt8]) {
        self.type = type
        self.at = at
        self.data = data
    }
}
