import Synchronization

/// A stream on its way to a client: started by libmicrohttpd's first look at
/// it, gone with its response.
final class RunningStream: Sendable {
    let pipe: StreamPipe
    private let stream: HTTPBodyStream
    private let core: ServerCore
    private let connection: EngineConnection
    private let hasStarted = Atomic<Bool>(false)

    init(_ stream: HTTPBodyStream, core: ServerCore, connection: EngineConnection) {
        self.stream = stream
        self.core = core
        self.connection = connection
        pipe = StreamPipe { [log = core.log] error in log(.streamFailed(reason: String(describing: type(of: error)))) }
    }

    /// On libmicrohttpd's thread.
    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        if !hasStarted.exchange(true, ordering: .relaxed) {
            if core.register(self) { pipe.start(stream) } else { pipe.close(.serverStopping) }
        }
        return pipe.read(into: target, of: connection)
    }

    /// On libmicrohttpd's thread, after the last byte or the connection's end.
    func release() {
        pipe.close(.clientGone)
        core.unregister(self)
    }

    func serverStops() {
        if stream.atStop == .end { pipe.end() }
    }
}
