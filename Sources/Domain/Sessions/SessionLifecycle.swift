/// The state machine of `SessionStatus`: events in, the new status out. It
/// holds what must never be: a final status that changes, an `active` session
/// whose methods are not registered, two ends.
public struct SessionLifecycle: Sendable, Equatable {
    /// The present status; `apply` alone moves it.
    public private(set) var status: SessionStatus
    /// Set from the moment the end has begun.
    public private(set) var end: SessionEnd?

    public init(status: SessionStatus = .connecting) { self.status = status }

    /// What may happen to a session.
    public enum Event: Sendable, Equatable {
        /// Connected, methods registered, turn engine started.
        case started
        /// The room connection broke.
        case connectionBroke
        /// The room connection is back, with attributes and methods.
        case connectionRestored
        /// Somebody or something wants it to end.
        case endRequested(SessionEnd)
        /// The agent has left the room, or never got there.
        case left
        /// It cannot go on.
        case failed(SessionEnd)
    }

    /// Takes `event`; returns the new status, or nil when the event changes
    /// nothing in the present one (a late or repeated event is not an error).
    public mutating func apply(_ event: Event) -> SessionStatus? {
        switch (status, event) {
        case (.connecting, .started), (.reconnecting, .connectionRestored): return move(to: .active)
        case (.active, .connectionBroke): return move(to: .reconnecting)
        case (.connecting, .endRequested(let end)), (.active, .endRequested(let end)),
            (.reconnecting, .endRequested(let end)):
            self.end = end
            return move(to: .ending)
        case (.ending, .left): return move(to: end?.reason.finalStatus ?? .ended)
        case (.connecting, .failed(let end)), (.active, .failed(let end)), (.reconnecting, .failed(let end)):
            self.end = end
            return move(to: .failed)
        default: return nil
        }
    }

    private mutating func move(to next: SessionStatus) -> SessionStatus {
        status = next
        return next
    }
}
