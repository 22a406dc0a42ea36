import CMicrohttpd

/// The exchange whose handler runs while the body comes.
extension Exchange {
    /// What follows the body's last byte.
    enum AfterBody {
        /// The handler had answered.
        case answer(HTTPResponse)
        /// The handler is at work; libmicrohttpd has put the connection aside.
        case wait
        case close
    }

    /// What is at most written past libmicrohttpd: the least that an empty socket takes at once.
    private static let lastWordsBytes = 16 * 1024

    /// On libmicrohttpd's thread: starts the handler there. `false` closes the
    /// connection, for which the last words are said.
    func start(_ request: HTTPRequest, reading upload: UploadPipe) -> Bool {
        state.withLock { state in
            state.answer = .uploading
            state.upload = upload
        }
        guard core.register(self) else {
            settle(core.response(to: .stopping, head, connection))
            return false
        }
        core.handling.add(1, ordering: .relaxed)
        let task = Task.immediate { self.complete(await self.core.handler.respond(to: request)) }
        let isForNobody = state.withLock { state in
            guard case .uploading = state.answer else { return true }
            state.task = task
            return state.isClientGone
        }
        if isForNobody { task.cancel() }
        if core.stage == .closing { abandon() }
        return connection.phase == .upload
    }

    /// The handler was done before the body's end. libmicrohttpd takes no answer
    /// there: it gets it at the end, when that is near, or never.
    func answerEarly(_ response: HTTPResponse, _ upload: UploadPipe) {
        let canBeSaid = lastWords(of: response) != nil
        let canWait = core.stage != .closing && upload.discardRest(keepsLimits: !canBeSaid, at: .now)
        if !canWait { sayLastWords() }
    }

    /// The answer as bytes, when it is short enough to be written at once.
    private func lastWords(of response: HTTPResponse) -> [UInt8]? {
        switch EngineResponse.sendable(response).body {
        case .stream: return nil
        case .bytes(let bytes) where bytes.count > Self.lastWordsBytes: return nil
        case .bytes, .empty: break
        }
        let words = WireResponse.bytes(EngineResponse.sendable(response), isHead: head.method == .head)
        return words.count <= Self.lastWordsBytes ? words : nil
    }

    /// Answers in the middle of the body and ends the connection. The writing is
    /// under the lock: at the body's end libmicrohttpd's thread waits for it or
    /// takes the answer itself.
    func sayLastWords() {
        let (answer, upload) = state.withLock { ($0.answer, $0.upload) }
        guard case .early(let response) = answer, let upload else { return }
        let words = lastWords(of: response) ?? frontsLastWords(upload)
        let second: Int32?? = state.withLock { state in
            guard case .early = state.answer else { return nil }
            state.answer = .settled
            return .some(connection.refuse(words))
        }
        guard let second else { return }
        if let second { core.errands.post(.linger(second)) }
        upload.close(.answered)
        core.unregister(self)
    }

    /// For an answer that cannot be written in the middle.
    private func frontsLastWords(_ upload: UploadPipe) -> [UInt8] {
        core.lastWords(core.stage == .closing ? .stopping : upload.frontError, head, connection)
    }

    /// On libmicrohttpd's thread, after the body's last byte.
    func bodyEnded() -> AfterBody {
        state.withLock { $0.upload }?.finish()
        let after = state.withLock { state -> AfterBody in
            switch state.answer {
            case .early(let response):
                state.answer = .settled
                return .answer(response)
            case .uploading:
                state.answer = .suspended
                MHD_suspend_connection(engine.pointer)
                return .wait
            case .running, .ready, .suspended, .settled: return .close
            }
        }
        if case .answer = after { core.unregister(self) }
        return after
    }

    /// The doorway's look at the upload's deadlines.
    func sweep(at now: ContinuousClock.Instant) {
        guard let upload = state.withLock({ $0.upload }) else { return }
        if upload.isCutDue(at: now) { sayLastWords() }
    }

    /// The stop's deadline: an answer that waits for the body's end is said now.
    /// Nothing is suspended afterwards.
    func abandonUpload() {
        sayLastWords()
        state.withLock { $0.upload }?.close(.serverStopping)
    }
}
