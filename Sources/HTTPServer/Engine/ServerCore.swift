import Synchronization

/// What the doorway, libmicrohttpd's callbacks and the server share.
final class ServerCore: Sendable {
    enum Stage: Int {
        /// Everything is answered.
        case serving
        /// No new connections; every answer ends its connection.
        case draining
        /// Nothing is started any more, nothing may be suspended.
        case closing
    }

    let limits: HTTPLimits
    let bodyRule: @Sendable (HTTPRequestHead) -> HTTPBodyRule
    let handler: any HTTPHandler
    let log: @Sendable (HTTPServerEvent) -> Void
    let connections: ConnectionTable
    let errands: Errands
    let epoll: EpollSet
    /// Requests whose handler is at work.
    let handling = Atomic<Int>(0)
    /// Requests that were given to a handler and are not answered to the last byte.
    let unfinished = Atomic<Int>(0)
    private let errorResponse: @Sendable (HTTPFrontError, HTTPRequestHead?) -> HTTPResponse
    private let stageNumber = Atomic<Int>(Stage.serving.rawValue)
    private let exchanges = Mutex<[ObjectIdentifier: Exchange]>([:])
    private let streams = Mutex<[ObjectIdentifier: RunningStream]>([:])

    init(
        limits: HTTPLimits, bodyRule: @escaping @Sendable (HTTPRequestHead) -> HTTPBodyRule, handler: any HTTPHandler,
        errorResponse: @escaping @Sendable (HTTPFrontError, HTTPRequestHead?) -> HTTPResponse,
        log: @escaping @Sendable (HTTPServerEvent) -> Void
    ) throws(HTTPServerError) {
        self.limits = limits
        self.bodyRule = bodyRule
        self.handler = handler
        self.errorResponse = errorResponse
        self.log = log
        connections = ConnectionTable(countsAddresses: limits.connectionsPerAddress != nil)
        errands = try Errands()
        epoll = try EpollSet()
    }

    var stage: Stage {
        Stage(rawValue: stageNumber.load(ordering: .acquiring)) ?? .closing
    }

    private func enter(_ stage: Stage) {
        stageNumber.store(stage.rawValue, ordering: .releasing)
    }

    /// How often deadlines are looked at: a quarter of the shortest, 10…250 ms.
    var sweepMilliseconds: Int {
        let shortest = min(limits.headersDeadline, limits.bodyDeadline, limits.idleTimeout)
        return min(max(Int(shortest / .milliseconds(4)), 10), 250)
    }

    // MARK: The front's own answers

    /// The product's answer to an error of the front's own.
    func response(to error: HTTPFrontError, _ head: HTTPRequestHead?, _ connection: Connection) -> HTTPResponse {
        log(.refused(error, remoteAddress: connection.remoteAddress))
        var response = errorResponse(error, head)
        if let seconds = error.retryAfterSeconds, response.headers["Retry-After"] == nil {
            response.headers.add("Retry-After", String(seconds))
        }
        return response
    }

    /// The same as bytes, for a connection that ends with it.
    func lastWords(_ error: HTTPFrontError, _ head: HTTPRequestHead?, _ connection: Connection) -> [UInt8] {
        WireResponse.bytes(response(to: error, head, connection), isHead: head?.method == .head)
    }

    // MARK: Who must be gone before libmicrohttpd stops

    /// `false` when the server closes and nothing may be suspended any more.
    func register(_ exchange: Exchange) -> Bool {
        exchanges.withLock { exchanges in
            guard stage != .closing else { return false }
            exchanges[ObjectIdentifier(exchange)] = exchange
            return true
        }
    }

    func unregister(_ exchange: Exchange) {
        exchanges.withLock { $0[ObjectIdentifier(exchange)] = nil }
    }

    /// `false` when the server closes.
    func register(_ stream: RunningStream) -> Bool {
        let stage = streams.withLock { streams in
            let stage = self.stage
            if stage != .closing { streams[ObjectIdentifier(stream)] = stream }
            return stage
        }
        if stage == .draining { stream.serverStops() }
        return stage != .closing
    }

    func unregister(_ stream: RunningStream) {
        streams.withLock { $0[ObjectIdentifier(stream)] = nil }
    }

    var streamCount: Int { streams.withLock(\.count) }

    /// The stop begins: what has no end of its own ends.
    func drain() {
        enter(.draining)
        for stream in streams.withLock({ Array($0.values) }) { stream.serverStops() }
        for connection in connections.all { connection.shutDownIfIdle() }
    }

    /// The stop's deadline: after this nothing is suspended, nor will be.
    func abandonAll() {
        enter(.closing)
        for exchange in exchanges.withLock({ Array($0.values) }) { exchange.abandon() }
        for stream in streams.withLock({ Array($0.values) }) { stream.pipe.close(.serverStopping) }
    }
}
