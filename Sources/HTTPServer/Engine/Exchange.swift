import CMicrohttpd
import Synchronization

/// One request and its answer. libmicrohttpd's thread reads the request and
/// queues the answer; in between, a task may live anywhere.
final class Exchange: Sendable {
    enum Answer {
        /// The handler runs inside libmicrohttpd's callback and has not returned.
        case running
        /// It was done before the callback looked.
        case ready(HTTPResponse)
        /// The callback returned first: libmicrohttpd has put the connection aside.
        case suspended
        /// The handler runs while the body comes.
        case uploading
        /// The handler was done before the body's end.
        case early(HTTPResponse)
        /// Answered, or beyond answering.
        case settled
    }

    struct State {
        var answer = Answer.running
        var task: Task<Void, Never>?
        var stream: StreamPipe?
        var upload: UploadPipe?
        /// Told before there was a task to cancel.
        var isClientGone = false
    }

    let core: ServerCore
    let connection: Connection
    let head: HTTPRequestHead
    let engine: EngineConnection
    let state = Mutex(State())

    init(core: ServerCore, connection: Connection, engine: EngineConnection, head: HTTPRequestHead) {
        self.core = core
        self.connection = connection
        self.engine = engine
        self.head = head
    }

    /// On libmicrohttpd's thread: starts the handler there. The response, when
    /// it came without waiting; otherwise the connection is suspended, and the
    /// callback comes again when there is one.
    func start(_ request: HTTPRequest) -> HTTPResponse? {
        switch core.handler.answer(request) {
        case .now(let response):
            state.withLock { $0.answer = .settled }
            return response
        case .later(let executor, let respond): return start(on: executor, respond)
        }
    }

    private func start(
        on executor: (any TaskExecutor)?, _ respond: @escaping @Sendable () async -> HTTPResponse
    ) -> HTTPResponse? {
        core.handling.add(1, ordering: .relaxed)
        let task = Task.immediate(executorPreference: executor) { self.complete(await respond()) }
        if let response = takeReady() { return response }
        guard core.register(self) else {
            task.cancel()
            return abandonBeforeSuspension()
        }
        let (response, isClientGone) = state.withLock { state -> (HTTPResponse?, Bool) in
            if case .ready(let response) = state.answer {
                state.answer = .settled
                return (response, false)
            }
            state.answer = .suspended
            state.task = task
            MHD_suspend_connection(engine.pointer)
            return (nil, state.isClientGone)
        }
        if let response {
            core.unregister(self)
            return response
        }
        if isClientGone { task.cancel() }
        if core.stage == .closing { abandon() }
        return nil
    }

    /// On libmicrohttpd's thread, called again after a resumption.
    func takeReady() -> HTTPResponse? {
        state.withLock { state in
            guard case .ready(let response) = state.answer else { return nil }
            state.answer = .settled
            return response
        }
    }

    private func abandonBeforeSuspension() -> HTTPResponse {
        let late = state.withLock { state -> HTTPResponse? in
            defer { state.answer = .settled }
            if case .ready(let response) = state.answer { return response }
            return nil
        }
        return late ?? core.response(to: .stopping, head, connection)
    }

    func complete(_ response: HTTPResponse) {
        core.handling.subtract(1, ordering: .relaxed)
        settle(response)
    }

    /// Whoever comes first answers. The resumption is under the lock: once the
    /// exchange is unregistered, libmicrohttpd may be stopped.
    func settle(_ response: HTTPResponse) {
        var early: UploadPipe?
        let wasSuspended = state.withLock { state in
            switch state.answer {
            case .running:
                state.answer = .ready(response)
                return false
            case .uploading:
                state.answer = .early(response)
                state.task = nil
                early = state.upload
                return false
            case .suspended:
                state.answer = .ready(response)
                state.task = nil
                MHD_resume_connection(engine.pointer)
                return true
            case .ready, .early, .settled: return false
            }
        }
        if wasSuspended { core.unregister(self) }
        if let early { answerEarly(response, early) }
    }

    /// The server's stop deadline has passed.
    func abandon() {
        let (task, upload) = state.withLock { ($0.task, $0.upload) }
        upload?.fail(.serverStopping)
        settle(core.response(to: .stopping, head, connection))
        abandonUpload()
        task?.cancel()
    }

    /// The client has closed its side: whoever works for it is told.
    func clientHasGone() {
        let (task, stream, upload) = state.withLock { state in
            state.isClientGone = true
            return (state.task, state.stream, state.upload)
        }
        upload?.close(.clientGone)
        task?.cancel()
        stream?.close(.clientGone)
    }

    /// The answer is a stream, to be cut off when the client goes.
    func answers(through pipe: StreamPipe) {
        state.withLock { $0.stream = pipe }
    }

    /// libmicrohttpd is done with the request.
    func ended() {
        let unfinished = state.withLock { state in
            defer {
                state.answer = .settled
                state.stream = nil
                state.task = nil
            }
            return state.upload.map { (pipe: $0, task: state.task) }
        }
        guard let unfinished else { return }
        unfinished.pipe.close(.clientGone)
        unfinished.task?.cancel()
        core.unregister(self)
    }
}
