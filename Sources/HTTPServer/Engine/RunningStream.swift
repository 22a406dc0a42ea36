import CMicrohttpd
import Synchronization

/// A stream on its way to a client: started by libmicrohttpd's first look at
/// it, gone with its response.
final class RunningStream: Sendable {
    let pipe: StreamPipe
    private let stream: HTTPBodyStream
    private let core: ServerCore
    private let connection: Connection
    private let engine: EngineConnection
    private let hasStarted = Atomic<Bool>(false)

    init(_ stream: HTTPBodyStream, core: ServerCore, connection: Connection, engine: EngineConnection) {
        self.stream = stream
        self.core = core
        self.connection = connection
        self.engine = engine
        pipe = StreamPipe { [log = core.log] error in log(.streamFailed(reason: String(describing: type(of: error)))) }
    }

    /// On libmicrohttpd's thread.
    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        if !hasStarted.exchange(true, ordering: .relaxed) {
            if core.register(self) { pipe.start(stream) } else { pipe.close(.serverStopping) }
        }
        if let count = pipe.read(into: target, of: engine) { return count }
        return cut(target)
    }

    /// Ends the connection in the middle of the body. libmicrohttpd 0.9.75 has a
    /// value for that, but forgets a connection so ended until its idle timeout.
    /// With the socket shut, one byte more cannot be sent, and a failed write
    /// ends a connection at once.
    private func cut(_ target: UnsafeMutableRawBufferPointer) -> Int {
        guard let first = target.baseAddress, connection.shutDown() else { return front_reader_error }
        first.storeBytes(of: 0, as: UInt8.self)
        return 1
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
