import CMicrohttpd
import Glibc

/// The doorway's thread: accepts, looks at every connection's first head
/// before libmicrohttpd gets it, holds the deadlines, sees clients leave, and
/// drains what was refused. Lives on its own thread only.
final class Doorkeeper {
    private enum Key {
        static let wake = UInt64.max
        static let listener: UInt64 = 1 << 63
        static let lingering: UInt64 = 1 << 62
    }

    private let core: ServerCore
    private let daemons: [EngineDaemon]
    private var epoll: Int32 { core.epoll.descriptor }
    private var listeners: [Listener]
    private var lingering = Lingering()
    private var serial: UInt32 = 0
    private var buffer: UnsafeMutableRawBufferPointer
    private var nextSweep = ContinuousClock.now
    private var nextComplaint = ContinuousClock.now
    private var pausedUntil: ContinuousClock.Instant?
    private var hasQuit = false

    init(core: ServerCore, daemons: [EngineDaemon], listeners: [Listener]) {
        self.core = core
        self.daemons = daemons
        self.listeners = listeners
        buffer = .allocate(byteCount: core.limits.headerBytes + 1, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    func run() {
        watch(core.errands.descriptor, front_in, Key.wake)
        watchListeners()
        var keys = [UInt64](repeating: 0, count: 64)
        while !hasQuit {
            let count = front_epoll_wait(epoll, &keys, Int32(core.sweepMilliseconds))
            for key in keys.prefix(Int(max(count, 0))) { handle(key) }
            sweep(at: .now)
        }
        leave()
    }

    private func handle(_ key: UInt64) {
        if key == Key.wake {
            core.errands.take().forEach(run)
        } else if key & Key.listener != 0 {
            accept(from: Int32(truncatingIfNeeded: key))
        } else if key & Key.lingering != 0 {
            lingering.drain(Int32(truncatingIfNeeded: key))
        } else if let connection = core.connections.connection(key: key) {
            connection.phase == .arriving ? examine(connection) : connection.clientHasGone()
        }
    }

    private func run(_ errand: Errands.Errand) {
        switch errand {
        case .closeListeners: closeListeners()
        case .linger(let descriptor): linger(descriptor)
        case .quit: hasQuit = true
        }
    }

    private func watch(_ descriptor: Int32, _ events: UInt32, _ key: UInt64) {
        let error = front_epoll_add(epoll, descriptor, events, key)
        if error != 0 { complain("epoll: \(SystemError.reason(error))") }
    }

    // MARK: Accepting

    private func watchListeners() {
        for listener in listeners {
            watch(listener.descriptor, front_in, Key.listener | UInt64(UInt32(bitPattern: listener.descriptor)))
        }
    }

    /// At most 64 in a row, so that one flood does not starve the deadlines.
    private func accept(from descriptor: Int32) {
        for _ in 0..<64 where listeners.contains(where: { $0.descriptor == descriptor }) {
            var address = SocketAddress()
            let accepted = address.fill { front_accept(descriptor, $0, $1) }
            if accepted < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno != EAGAIN { pause(because: SystemError.reason()) }
                return
            }
            serial &+= 1
            admit(Connection(descriptor: accepted, serial: serial, address: address))
        }
    }

    /// Out of descriptors or memory: the listeners rest, or the loop would spin.
    private func pause(because reason: String) {
        complain(reason)
        for listener in listeners { _ = front_epoll_forget(epoll, listener.descriptor) }
        pausedUntil = .now + .milliseconds(100)
    }

    private func complain(_ reason: String) {
        guard nextComplaint <= .now else { return }
        nextComplaint = .now + .seconds(1)
        core.log(.acceptFailed(reason: reason))
    }

    private func admit(_ connection: Connection) {
        let limits = core.limits
        let ofAddress = connection.remoteAddress.map(core.connections.count(of:)) ?? 0
        let isFull =
            core.connections.count >= limits.connections
            || limits.connectionsPerAddress.map { ofAddress >= $0 } ?? false
        core.connections.insert(connection)
        if isFull { return refuse(connection, .tooManyConnections, nil) }
        // A peer that vanished without a word is known by what it does not acknowledge:
        // else the system would go on sending for a quarter of an hour.
        if connection.remoteAddress != nil {
            front_bound_silence(connection.descriptor, UInt32(clamping: Int(limits.idleTimeout / .milliseconds(1))))
        }
        watch(connection.descriptor, front_in | front_gone | front_edge, connection.key)
        examine(connection)
    }

    // MARK: The first head

    private func examine(_ connection: Connection) {
        let count = front_peek(connection.descriptor, buffer.baseAddress, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return drop(connection) }
        let scanner = HeadScanner(limits: core.limits)
        switch scanner.verdict(on: UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
        case .incomplete: break
        case .complete: handOver(connection)
        case .refused(let error, let head): refuse(connection, error, head)
        }
    }

    private func handOver(_ connection: Connection) {
        guard connection.advance(to: .head) else { return drop(connection) }
        _ = front_epoll_change(epoll, connection.descriptor, front_gone | front_edge, connection.key)
        let daemon = daemons[Int(serial) % daemons.count]
        if !daemon.add(connection) {
            connection.close()
            core.connections.remove(connection)
            complain("libmicrohttpd did not take a connection")
        }
    }

    private func drop(_ connection: Connection) {
        connection.close()
        core.connections.remove(connection)
        close(connection.descriptor)
    }

    private func refuse(_ connection: Connection, _ error: HTTPFrontError, _ head: HTTPRequestHead?) {
        let lastWords = core.lastWords(error, head, connection)
        connection.close()
        core.connections.remove(connection)
        core.epoll.forget(connection)
        _ = Connection.send(connection.descriptor, lastWords)
        front_shut_down_writing(connection.descriptor)
        linger(connection.descriptor)
    }

    private func linger(_ descriptor: Int32) {
        guard !lingering.isFull, !hasQuit else { return Lingering.end(descriptor) }
        lingering.add(descriptor, at: .now)
        watch(descriptor, front_in, Key.lingering | UInt64(UInt32(bitPattern: descriptor)))
    }

    // MARK: Deadlines

    private func sweep(at now: ContinuousClock.Instant) {
        guard nextSweep <= now else { return }
        nextSweep = now + .milliseconds(core.sweepMilliseconds)
        if let until = pausedUntil, until <= now {
            pausedUntil = nil
            watchListeners()
        }
        lingering.sweep(at: now)
        for connection in core.connections.all {
            if let exchange = connection.uploading { exchange.sweep(at: now) }
            guard let (phase, exchange) = connection.takeOverdue(core.limits, at: now) else { continue }
            switch phase {
            case .arriving: refuse(connection, .headersTimeout, nil)
            case .head: connection.finish(core.lastWords(.headersTimeout, nil, connection))
            case .body: connection.finish(core.lastWords(.bodyTimeout, exchange?.head, connection))
            case .idle, .upload, .handling, .over: connection.finish([])
            }
        }
    }

    // MARK: The end

    private func closeListeners() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func leave() {
        closeListeners()
        for errand in core.errands.take() {
            if case .linger(let descriptor) = errand { Lingering.end(descriptor) }
        }
        lingering.closeAll()
        for connection in core.connections.all where connection.phase == .arriving { drop(connection) }
    }
}
