import CMicrohttpd
import Glibc

/// The doorway's epoll, owned by the server's core, because a connection's end
/// is told on libmicrohttpd's threads.
final class EpollSet: Sendable {
    let descriptor: Int32

    init() throws(HTTPServerError) {
        descriptor = front_epoll_create()
        guard descriptor >= 0 else { throw .system(call: "epoll_create1", reason: SystemError.reason()) }
    }

    deinit {
        close(descriptor)
    }

    /// Before a close: a second descriptor of the socket would keep it in the set.
    func forget(_ connection: Connection) {
        _ = front_epoll_forget(descriptor, connection.descriptor)
    }
}
