import CMicrohttpd

/// A request as libmicrohttpd reads it. Lives on its connection's thread only,
/// from the request line to the answer's last byte.
final class IncomingRequest {
    private enum Stage {
        case head, body, upload, answering
    }

    private let core: ServerCore
    private let connection: Connection
    private let engine: EngineConnection
    private let rawTarget: String
    private var stage = Stage.head
    private var receivedAt = ContinuousClock.Instant.now
    private var body: [UInt8] = []
    private var exchange: Exchange?
    private var upload: UploadPipe?
    private var isCounted = false
    /// Known after the head, answered after the body, so that the connection can go on.
    private var mildError: HTTPFrontError?

    /// At the request line.
    init(core: ServerCore, connection: Connection, engine: EngineConnection, rawTarget: String) {
        self.core = core
        self.connection = connection
        self.engine = engine
        self.rawTarget = rawTarget
        _ = connection.advance(to: .head, at: receivedAt)
    }

    /// libmicrohttpd's access callback: once for the head, for every piece of
    /// the body, at its end, and again after each resumption. `false` closes the connection.
    func access(method: String, version: String, piece: UnsafeRawBufferPointer?) -> Bool {
        switch stage {
        case .head: return takeHead(method: method, version: version)
        case .body: return piece.map(takeBody) ?? takeEnd()
        case .upload: return piece.map(takeUpload) ?? takeUploadEnd()
        case .answering: return exchange?.takeReady().map(answer) ?? false
        }
    }

    private func takeHead(method: String, version: String) -> Bool {
        receivedAt = .now
        let head = HTTPRequestHead(
            method: HTTPMethod(rawValue: method), rawTarget: rawTarget, headers: RequestHeaders.of(engine))
        let exchange = Exchange(core: core, connection: connection, engine: engine, head: head)
        self.exchange = exchange
        guard connection.advance(to: .body, exchange, at: receivedAt) else { return false }
        stage = .body
        let error = HeadRules.violation(
            of: head, isVersion11: version != "HTTP/1.0", headBytes: front_head_bytes(engine.pointer),
            limits: core.limits)
        switch error {
        case nil: break
        case .badTarget, .badHost, .methodNotImplemented, .unsupportedExpectation: mildError = error
        case .some(let error): return refuse(error)
        }
        switch mildError == nil ? core.bodyRule(head) : .collected {
        case .collected: return collect(head)
        case .streamed(let limits): return begin(exchange, limits)
        }
    }

    private func collect(_ head: HTTPRequestHead) -> Bool {
        let length = HeadRules.bodyLength(head.headers) ?? 0
        guard length <= core.limits.bodyBytes else { return refuse(.bodyTooLarge) }
        body.reserveCapacity(length)
        return true
    }

    // MARK: The body that is read while it comes

    private func begin(_ exchange: Exchange, _ limits: HTTPBodyStreamLimits) -> Bool {
        let length = HeadRules.bodyLength(exchange.head.headers)
        if let length, length > limits.bytes { return refuse(.bodyTooLarge) }
        if core.stage == .closing { return refuse(.stopping) }
        if isOverloaded { return refuse(.overloaded) }
        guard let target = exchange.head.target, connection.advance(to: .upload, exchange, at: receivedAt) else {
            return false
        }
        stage = .upload
        let pipe = UploadPipe(
            limits.within(core.limits), of: engine, length: length, pieceBytes: EngineMemory.poolBytes(core.limits),
            at: receivedAt)
        upload = pipe
        var request = request(exchange.head, target)
        request.bodyStream = HTTPRequestBody { () async throws(HTTPBodyError) -> [UInt8]? in try await pipe.read() }
        return exchange.start(request, reading: pipe)
    }

    private func takeUpload(_ piece: UnsafeRawBufferPointer) -> Bool {
        switch upload?.take(piece, at: .now) {
        case .goOn: return true
        case .cut:
            exchange?.sayLastWords()
            return false
        case .close, nil: return false
        }
    }

    private func takeUploadEnd() -> Bool {
        guard let exchange, connection.advance(to: .handling, exchange) else { return false }
        stage = .answering
        switch exchange.bodyEnded() {
        case .answer(let response): return answer(response)
        case .wait: return true
        case .close: return false
        }
    }

    // MARK: The collected body

    private func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard body.count + piece.count <= core.limits.bodyBytes else { return refuse(.bodyTooLarge) }
        if mildError == nil { body.append(contentsOf: piece) }
        return true
    }

    /// The answer goes past libmicrohttpd, and the connection ends with it:
    /// where the next request would begin is unknown, or far away.
    private func refuse(_ error: HTTPFrontError) -> Bool {
        let lastWords = core.lastWords(error, exchange?.head, connection)
        if let second = connection.refuse(lastWords) { core.errands.post(.linger(second)) }
        return false
    }

    private func takeEnd() -> Bool {
        guard let exchange, connection.advance(to: .handling, exchange) else { return false }
        stage = .answering
        if let mildError { return answer(core.response(to: mildError, exchange.head, connection)) }
        guard core.stage != .closing else { return answer(core.response(to: .stopping, exchange.head, connection)) }
        if isOverloaded { return answer(core.response(to: .overloaded, exchange.head, connection)) }
        guard let target = exchange.head.target else { return false }
        let request = request(exchange.head, target)
        body = []
        guard let response = exchange.start(request) else { return true }
        return answer(response)
    }

    // MARK: Both

    private var isOverloaded: Bool {
        core.handling.load(ordering: .relaxed) >= core.limits.concurrentRequests
    }

    /// What the handler gets; from here on the stop waits for the answer.
    private func request(_ head: HTTPRequestHead, _ target: HTTPTarget) -> HTTPRequest {
        isCounted = true
        core.unfinished.add(1, ordering: .relaxed)
        return HTTPRequest(
            method: head.method, target: target, headers: head.headers, body: body,
            remoteAddress: connection.remoteAddress, receivedAt: receivedAt)
    }

    private func answer(_ response: HTTPResponse) -> Bool {
        guard let exchange else { return false }
        return EngineResponse.queue(response, for: exchange)
    }

    /// libmicrohttpd is done with it, for better or worse.
    func ended() {
        exchange?.ended()
        if isCounted { core.unfinished.subtract(1, ordering: .relaxed) }
        _ = connection.advance(to: .idle)
        if core.stage != .serving { connection.shutDownIfIdle() }
    }
}
