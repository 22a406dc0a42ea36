import CMicrohttpd

/// The header fields that libmicrohttpd has parsed.
enum RequestHeaders {
    static func of(_ connection: EngineConnection) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.reserveCapacity(8)
        withUnsafeMutablePointer(to: &headers) { target in
            _ = MHD_get_connection_values_n(connection.pointer, .HEADER_KIND, addField, target)
        }
        return headers
    }
}

private func addField(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?, _ nameBytes: Int,
    _ value: UnsafePointer<CChar>?, _ valueBytes: Int
) -> MHD_Result {
    guard let headers = context?.assumingMemoryBound(to: HTTPHeaders.self), let name else { return .NO }
    headers.pointee.add(text(name, nameBytes), value.map { text($0, valueBytes) } ?? "")
    return .YES
}

private func text(_ start: UnsafePointer<CChar>, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
