import CPostgres

/// One `PGconn` on its way from the thread that connected it to the one that
/// will use it.
///
/// `@unchecked Sendable` because the pointer changes hands exactly once and is
/// used by one thread at a time: the connecting thread lets go of it when it
/// hands the value over.
struct ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Closes the connection.
    func close() { PQfinish(pointer) }

    /// libpq's last message; may name the user and host, never the password.
    var message: String { String(cString: PQerrorMessage(pointer)) }
}
