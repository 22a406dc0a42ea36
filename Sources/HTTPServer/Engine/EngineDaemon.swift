import CMicrohttpd
import Glibc

/// One libmicrohttpd daemon: a thread, an epoll, and the connections it was
/// given. `@unchecked`: libmicrohttpd allows adding connections from any
/// thread, and `stop` is called once, when nobody adds any more.
struct EngineDaemon: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// The core must outlive the daemon; libmicrohttpd keeps an unretained pointer to it.
    static func start(_ core: ServerCore) -> EngineDaemon? {
        let seconds = max(1, core.limits.idleTimeout.components.seconds)
        let daemon = front_start_daemon(
            access, requestLine, completed, notify, log, Unmanaged.passUnretained(core).toOpaque(),
            EngineMemory.poolBytes(core.limits), UInt32(clamping: core.limits.connections + 64),
            UInt32(clamping: seconds))
        return daemon.map(EngineDaemon.init(pointer:))
    }

    /// Hands a connection over; in any case it is libmicrohttpd's to close.
    func add(_ connection: Connection) -> Bool {
        connection.address.withPointer {
            MHD_add_connection(pointer, connection.descriptor, $0, connection.address.length) == .YES
        }
    }

    /// Closes every connection and joins the thread. Aborts the process when a
    /// connection is suspended: the core has seen to it that none is.
    func stop() {
        MHD_stop_daemon(pointer)
    }
}

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore? {
    context.map { Unmanaged<ServerCore>.fromOpaque($0).takeUnretainedValue() }
}

/// A connection was taken over or is about to be closed. Its own context is our `Connection`.
private func notify(
    _ context: UnsafeMutableRawPointer?, _ pointer: OpaquePointer?,
    _ own: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_ConnectionNotificationCode
) {
    guard let core = core(context), let pointer, let own else { return }
    if code == .CONNECTION_NOTIFY_STARTED {
        guard let connection = core.connections[front_connection_descriptor(pointer)] else { return }
        own.pointee = Unmanaged.passRetained(connection).toOpaque()
    } else if let pointer = own.pointee {
        let connection = Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue()
        own.pointee = nil
        connection.close()
        core.epoll.forget(connection)
        core.connections.remove(connection)
    }
}

/// The request line is complete; libmicrohttpd has not yet decoded the target,
/// so this is the only place where it can be had as it came. What is returned
/// is the request's context from here on.
private func requestLine(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ pointer: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let core = core(context), let pointer, let own = front_connection_context(pointer) else { return nil }
    let request = IncomingRequest(
        core: core, connection: Unmanaged<Connection>.fromOpaque(own).takeUnretainedValue(),
        engine: EngineConnection(pointer: pointer), rawTarget: target.map { String(cString: $0) } ?? "")
    return Unmanaged.passRetained(request).toOpaque()
}

private func access(
    _ context: UnsafeMutableRawPointer?, _ pointer: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ piece: UnsafePointer<CChar>?,
    _ pieceBytes: UnsafeMutablePointer<Int>?, _ own: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let own = own?.pointee, let method, let version, let pieceBytes else { return .NO }
    let request = Unmanaged<IncomingRequest>.fromOpaque(own).takeUnretainedValue()
    let count = pieceBytes.pointee
    pieceBytes.pointee = 0
    let goesOn = request.access(
        method: String(cString: method), version: String(cString: version),
        piece: count > 0 ? UnsafeRawBufferPointer(start: piece, count: count) : nil)
    return goesOn ? .YES : .NO
}

private func completed(
    _ context: UnsafeMutableRawPointer?, _ pointer: OpaquePointer?,
    _ own: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_RequestTerminationCode
) {
    guard let own, let pointer = own.pointee else { return }
    own.pointee = nil
    Unmanaged<IncomingRequest>.fromOpaque(pointer).takeRetainedValue().ended()
}

private func log(_ context: UnsafeMutableRawPointer?, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?) {
    guard let core = core(context), let format, let arguments else { return }
    var text = [CChar](repeating: 0, count: 256)
    // These carry the target, which has no place in a log: the words alone are kept.
    let isAboutTarget = strstr(format, "request for") != nil
    if isAboutTarget { strncpy(&text, format, text.count - 1) } else { vsnprintf(&text, text.count, format, arguments) }
    let message = String(decoding: text.prefix { $0 != 0 && $0 != 0x0A }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    core.log(.engine(message))
}
