/// libmicrohttpd's connection. `@unchecked`: a pointer that is only handed to
/// the calls which libmicrohttpd allows from every thread (resume) or used on
/// the connection's own thread; its owner guarantees that it is still alive.
struct EngineConnection: @unchecked Sendable {
    let pointer: OpaquePointer
}
