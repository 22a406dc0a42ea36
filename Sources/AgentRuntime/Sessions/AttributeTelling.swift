/// When the room is told the agent's attributes. They are a display and no
/// history: a change is told at once, those that follow within a pace are told
/// as the last of them at the pace's end, and never two at a time. What could
/// not be told is tried again some times. A value: events in, what to do out.
struct AttributeTelling: Sendable, Equatable {
    /// What is to be done now.
    enum Action: Sendable, Equatable {
        /// Tell the attributes, and say by this number when they were looked at and
        /// how it went.
        case tell(attempt: Int)
        /// Come again with `due` at this moment, and not before it.
        case wait(until: Duration)
    }

    /// How often the same is tried before it waits for the next change.
    static let attempts = 5
    static let retryPause = Duration.seconds(1)

    private let pace: Duration
    /// The room does not know the present attributes, and they are not on their
    /// way either.
    private var isStale = false
    private var isHurried = false
    private var isUnderWay = false
    private var attempt = 0
    /// Failures in a row since the last change.
    private(set) var failures = 0
    private var paceEnd: Duration?
    private var retryAt: Duration?

    init(pace: Duration) { self.pace = pace }

    /// The attributes have changed; `hurried`: the room is to learn it without a
    /// pause.
    mutating func changed(hurried: Bool, at now: Duration) -> Action? {
        isStale = true
        isHurried = isHurried || hurried
        failures = 0
        return next(at: now)
    }

    /// Something else is about to be told to the participants: what waits for
    /// the pace's end only is told now, too.
    mutating func hurry(at now: Duration) -> Action? {
        guard isStale, !isHurried else { return nil }
        isHurried = true
        return next(at: now)
    }

    /// The moment has come that was waited for.
    mutating func due(at now: Duration) -> Action? { next(at: now) }

    /// They are looked at now: what has changed since it was decided to tell them
    /// is in them.
    mutating func looked(_ attempt: Int) {
        guard isUnderWay, attempt == self.attempt else { return }
        (isStale, isHurried) = (false, false)
    }

    /// The room has confirmed them.
    mutating func told(_ attempt: Int, at now: Duration) -> Action? {
        guard isUnderWay, attempt == self.attempt else { return nil }
        isUnderWay = false
        failures = 0
        return next(at: now)
    }

    /// They could not be told.
    mutating func failed(_ attempt: Int, at now: Duration) -> Action? {
        guard isUnderWay, attempt == self.attempt else { return nil }
        isUnderWay = false
        isStale = true
        failures += 1
        retryAt = now + Self.retryPause
        return next(at: now)
    }

    /// The connection is no more: what was on its way has not arrived, and the
    /// next connection is told from the start.
    mutating func lost() {
        isStale = isStale || isUnderWay
        isUnderWay = false
        (paceEnd, retryAt) = (nil, nil)
    }

    private mutating func next(at now: Duration) -> Action? {
        guard isStale, !isUnderWay, failures < Self.attempts else { return nil }
        let moments = [isHurried ? nil : paceEnd, retryAt].compactMap(\.self)
        if let moment = moments.max(), moment > now { return .wait(until: moment) }
        (isStale, isHurried, isUnderWay) = (false, false, true)
        attempt += 1
        paceEnd = now + pace
        retryAt = nil
        return .tell(attempt: attempt)
    }
}
