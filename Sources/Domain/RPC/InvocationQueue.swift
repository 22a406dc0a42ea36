/// The calls of one session that wait for a users' system to come and answer
/// them, and those who have come and wait for calls, as a value: events go in,
/// things to do come out. All times are of one clock that never jumps.
///
/// A call is handed to one poller at a time, for the time of its lease; the
/// first answer counts, from whichever poller. What is due is done before
/// anything else, so that at one and the same moment the deadline comes first.
public struct InvocationQueue: Sendable, Equatable {
    /// What is to be done.
    public enum Action: Sendable, Equatable {
        /// The caller gets this; the call is over.
        case settle(InvocationID, Result<String, RPCError>)
        /// The poller gets these, none when its wait is over; it is gone.
        case hand(poller: Int, [LeasedInvocation])
    }

    private struct Entry: Equatable {
        var invocation: PendingInvocation
        var arrived: Duration
        var deadline: Duration
        /// Until when it is somebody's; nil: it is free.
        var leasedUntil: Duration?
        var attempt = 0
    }

    private struct Poller: Equatable {
        var number: Int
        var poll: InvocationPoll
        var until: Duration
    }

    /// In the order in which they came.
    private var entries: [Entry] = []
    /// In the order in which they came.
    private var pollers: [Poller] = []
    /// The last calls that were over, oldest first.
    private var over: [InvocationID] = []
    private var isClosed = false

    private let limit: Int
    private let pollerLimit: Int
    /// How many calls that are over are still known as such.
    private static let memory = 1000

    /// At most `limit` calls wait, and `pollerLimit` pollers.
    public init(limit: Int = 1000, pollerLimit: Int = 100) {
        self.limit = limit
        self.pollerLimit = pollerLimit
    }

    /// How many calls wait for an answer.
    public var count: Int { entries.count }
    /// How many pollers wait for calls.
    public var pollerCount: Int { pollers.count }

    /// When `tick` has something to do next; nil: not by the passing of time.
    public var nextMoment: Duration? {
        var next: Duration?
        func note(_ moment: Duration) { next = next.map { min($0, moment) } ?? moment }
        for entry in entries {
            note(entry.deadline)
            // Nobody waits for the end of a lease while there is no poller.
            if let end = entry.leasedUntil, !pollers.isEmpty { note(end) }
        }
        for poller in pollers { note(poller.until) }
        return next
    }

    // MARK: Calls

    /// A call comes, of use until `deadline`.
    public mutating func add(
        _ invocation: PendingInvocation, deadline: Duration, at now: Duration
    ) -> [Action] {
        let due = tick(at: now)
        if isClosed { return due + [.settle(invocation.id, .failure(RPCError(.sessionOver)))] }
        guard entries.count < limit else { return due + [.settle(invocation.id, .failure(RPCError(.queueFull)))] }
        entries.append(Entry(invocation: invocation, arrived: now, deadline: deadline))
        return due + tick(at: now)
    }

    /// Somebody answers. Throws `notFound(.invocation)` for a call that is not
    /// known here, `conflict(.invocationOver)` for one that is over, and
    /// `invalid` for an answer that is none for its method; then the call goes
    /// on waiting. What was due is left for `tick`.
    public mutating func answer(
        _ id: InvocationID, with answer: InvocationAnswer, at now: Duration
    ) throws(TurngateError) -> [Action] {
        guard let place = entries.firstIndex(where: { $0.invocation.id == id }) else {
            throw over.contains(id) ? .conflict(.invocationOver(id)) : .notFound(.invocation)
        }
        guard entries[place].deadline > now else { throw .conflict(.invocationOver(id)) }
        let result = try entries[place].invocation.envelope.result(of: answer)
        return [end(at: place, with: result)]
    }

    /// A participant has left, or (nil) all are out of reach: its calls are over.
    public mutating func callerLeft(_ identity: String?) -> [Action] {
        end(with: RPCError(.recipientDisconnected)) { entry in
            identity.map { $0.isIdentity(entry.invocation.caller.identity) } ?? true
        }
    }

    /// The session is over, and with it every call and every wait; nothing is
    /// taken any more.
    public mutating func close() -> [Action] {
        isClosed = true
        let released = pollers.map { Action.hand(poller: $0.number, []) }
        pollers = []
        return end(with: RPCError(.sessionOver)) { _ in true } + released
    }

    private mutating func end(with error: RPCError, where isMeant: (Entry) -> Bool) -> [Action] {
        let ended = entries.filter(isMeant)
        entries.removeAll(where: isMeant)
        for entry in ended { remember(entry.invocation.id) }
        return ended.map { .settle($0.invocation.id, .failure(error)) }
    }

    private mutating func end(at place: Int, with result: Result<String, RPCError>) -> Action {
        let entry = entries.remove(at: place)
        remember(entry.invocation.id)
        return .settle(entry.invocation.id, result)
    }

    private mutating func remember(_ id: InvocationID) {
        over.append(id)
        // Not one by one, which would move all of them each time.
        if over.count > 2 * Self.memory { over.removeFirst(over.count - Self.memory) }
    }

    // MARK: Pollers

    /// Somebody comes for calls; `number` tells it from others who wait. Throws
    /// `overloaded` when as many wait as may.
    public mutating func poll(
        _ poll: InvocationPoll, number: Int, at now: Duration
    ) throws(TurngateError) -> [Action] {
        guard pollers.count < pollerLimit || poll.wait <= .zero else {
            throw .overloaded("at most \(pollerLimit) polls of a session wait at once")
        }
        pollers.append(Poller(number: number, poll: poll, until: isClosed ? now : now + max(poll.wait, .zero)))
        return tick(at: now)
    }

    /// A poller has gone away while it waited.
    public mutating func pollerLeft(_ number: Int) { pollers.removeAll { $0.number == number } }

    /// Does what is due at `now`: deadlines, leases, waits.
    public mutating func tick(at now: Duration) -> [Action] {
        var actions = end(with: RPCError(.responseTimeout)) { $0.deadline <= now }
        freeExpired(at: now)
        for poller in pollers {
            let leased = lease(for: poller.poll, at: now)
            guard !leased.isEmpty || poller.until <= now else { continue }
            pollers.removeAll { $0.number == poller.number }
            actions.append(.hand(poller: poller.number, leased))
        }
        return actions
    }

    /// A lease that is over is none: kept, it would be a next moment that lies
    /// in the past, due again and again as long as nobody takes the call.
    private mutating func freeExpired(at now: Duration) {
        for place in entries.indices where entries[place].leasedUntil.map({ $0 <= now }) ?? false {
            entries[place].leasedUntil = nil
        }
    }

    private mutating func lease(for poll: InvocationPoll, at now: Duration) -> [LeasedInvocation] {
        var leased: [LeasedInvocation] = []
        for place in entries.indices where leased.count < poll.limit {
            let entry = entries[place]
            guard entry.leasedUntil == nil,
                poll.method.map({ $0 == entry.invocation.method }) ?? true
            else { continue }
            let until = min(now + poll.lease, entry.deadline)
            entries[place].leasedUntil = until
            entries[place].attempt += 1
            leased.append(
                LeasedInvocation(
                    invocation: entry.invocation,
                    leaseExpiresAt: min(
                        entry.invocation.receivedAt + (until - entry.arrived), entry.invocation.deadline),
                    attempt: entries[place].attempt))
        }
        return leased
    }
}
