import CPostgres
import DequeModule
import Glibc
import Logging

/// The event loop of a pool: one thread that owns every connection.
///
/// Nothing in here is shared: other threads reach it through `LoopInbox`.
final class PoolLoop {
    let configuration: PostgresConfiguration
    let parameters: ConnectionParameters
    let inbox: LoopInbox
    let logger: Logger
    let canceller = Canceller()

    /// The pool's connections, and behind them the one that listens.
    let connections: [PoolConnection]
    let listener: PoolConnection
    /// In the order of arrival.
    var waiting: Deque<QueuedJob> = []
    var nextSequence: UInt64 = 0
    /// No deadline can pass before this moment.
    var nextDeadline = UInt64.max
    var lastFailure: PostgresError?

    var subscribers: [String: [Subscriber]] = [:]
    var listenedChannels: Set<String> = []
    var nextPing = UInt64.max

    var closeDeadline: UInt64?
    var closeWaiters: [CheckedContinuation<Void, Never>] = []

    init(
        _ configuration: PostgresConfiguration, _ parameters: ConnectionParameters, _ inbox: LoopInbox, _ logger: Logger
    ) {
        self.configuration = configuration
        self.parameters = parameters
        self.inbox = inbox
        self.logger = logger
        let count = max(1, configuration.connectionCount)
        let backoff = Backoff(configuration.backoff)
        connections = (0..<count).map { PoolConnection(number: $0, backoff: backoff) }
        listener = PoolConnection(number: count, backoff: backoff)
    }

    var everyConnection: [PoolConnection] { connections + [listener] }

    /// Runs until the pool is closed.
    func run() {
        while true {
            inbox.drain().forEach(handle)
            let now = MonotonicTime.now()
            connectWhereDue(now)
            sendWaiting()
            if now >= nextDeadline { expire(now) }
            pingListener(now)
            publish()
            if isDone(now) { break }
            waitForEvents()
        }
        shutDown()
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .job(let job): enqueue(job)
        case .connected(let number, let outcome): connected(number, outcome)
        case .subscribe(let subscriber): subscribe(subscriber)
        case .unsubscribe(let id): unsubscribe(id)
        case .close(let deadline, let done): beginClosing(deadline, done)
        }
    }

    private func enqueue(_ job: PoolJob) {
        guard closeDeadline == nil else {
            inbox.leftQueue()
            job.settle(.failure(.closed))
            return
        }
        waiting.append(QueuedJob(job: job, sequence: nextSequence))
        nextSequence += 1
        nextDeadline = min(nextDeadline, job.deadline, hasConnection ? .max : job.unavailableAt)
    }

    var hasConnection: Bool { connections.contains { $0.isUp } }

    func publish() {
        inbox.publish(
            connected: connections.count { $0.isUp }, underWay: connections.reduce(0) { $0 + $1.pending.count })
    }

    /// Sends waiting jobs, each over the connection with the least under way;
    /// short reads that stand one behind the other in batches.
    private func sendWaiting() {
        guard !waiting.isEmpty else { return }
        // Spread, so that one backend does not do alone what several could.
        let share = (waiting.count + connections.count - 1) / connections.count
        var dirty: Set<Int> = []
        while !waiting.isEmpty, let connection = leastBusy() {
            let batch = takeBatch(atMost: min(share, pipelineDepth - connection.pending.count))
            inbox.leftQueue(batch.count)
            send(batch.filter { !$0.job.isSettled }, over: connection)
            dirty.insert(connection.number)
        }
        for connection in connections where dirty.contains(connection.number) && connection.isUp {
            if !connection.flush() { lose(connection, connection.sendFailure) }
        }
    }

    private var pipelineDepth: Int { max(1, configuration.pipelineDepth) }

    /// The job at the front, and those behind it that may share its Sync.
    private func takeBatch(atMost limit: Int) -> [QueuedJob] {
        let sociable = waiting.prefix(max(1, limit)).prefix { $0.isSociable }.count
        let batch = Array(waiting.prefix(max(1, sociable)))
        waiting.removeFirst(batch.count)
        return batch
    }

    private func send(_ batch: [QueuedJob], over connection: PoolConnection) {
        for (place, queued) in batch.enumerated() {
            queued.job.markSent()
            if connection.send(queued, endsInSync: place == batch.count - 1) { continue }
            // Part of the job may be on the wire, whichever call failed.
            if connection.pending.last?.job !== queued.job {
                connection.pending.append(PipelineUnit(.job(queued), deadline: queued.job.deadline))
            }
            lose(connection, connection.sendFailure)
            return putBack(Array(batch[(place + 1)...]))
        }
    }

    private func leastBusy() -> PoolConnection? {
        var best: PoolConnection?
        for connection in connections where connection.takesWork(depth: pipelineDepth) {
            if best.map({ connection.pending.count < $0.pending.count }) ?? true { best = connection }
        }
        return best
    }

    /// Sleeps until a socket, the mailbox or a deadline calls.
    private func waitForEvents() {
        let up = everyConnection.filter { $0.isUp }
        var descriptors = [pollfd(fd: inbox.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        for connection in up {
            let events = connection.wantsToWrite ? POLLIN | POLLOUT : POLLIN
            descriptors.append(pollfd(fd: PQsocket(connection.pointer), events: Int16(events), revents: 0))
        }
        let timeout = MonotonicTime.pollTimeout(until: nextWake)
        guard poll(&descriptors, nfds_t(descriptors.count), timeout) > 0 else { return }
        for (connection, descriptor) in zip(up, descriptors.dropFirst()) where descriptor.revents != 0 {
            let canRead = descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0
            if canRead { read(connection) }
            if connection.wantsToWrite, !connection.flush() { lose(connection, connection.sendFailure) }
        }
    }

    private var nextWake: UInt64 {
        var moment = min(nextDeadline, nextPing, closeDeadline ?? .max)
        for connection in everyConnection {
            if case .down(let retryAt) = connection.phase, closeDeadline == nil { moment = min(moment, retryAt) }
        }
        return moment
    }
}
