import CMicrohttpd
import Glibc

/// Makes libmicrohttpd's response of ours.
enum EngineResponse {
    /// Queues `response`; on the connection's own thread. Whether libmicrohttpd took it.
    static func queue(_ response: HTTPResponse, for exchange: Exchange) -> Bool {
        let response = sendable(response)
        guard let made = make(response.body, exchange) else { return false }
        defer { MHD_destroy_response(made) }
        for field in response.headers where WireResponse.isSendable(field) {
            MHD_add_response_header(made, field.name, field.value)
        }
        if exchange.core.stage != .serving { MHD_add_response_header(made, "Connection", "close") }
        return MHD_queue_response(exchange.engine.pointer, UInt32(response.status), made) == .YES
    }

    /// The response with a status that is one, and without a body where none may be.
    static func sendable(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        if !(200...599).contains(response.status) { response = HTTPResponse(status: 500) }
        if hasNoBody(response.status) { response.body = .empty }
        return response
    }

    static func hasNoBody(_ status: Int) -> Bool {
        status == 204 || status == 304
    }

    /// What libmicrohttpd allocates for a stream besides the connection's pool. It
    /// uses it on HTTP/1.0 alone (chunks are made in the pool), so that it is to
    /// be small: it lasts as long as the stream.
    private static let blockBytes = 4 * 1024

    private static func make(_ body: HTTPBody, _ exchange: Exchange) -> OpaquePointer? {
        switch body {
        case .empty: return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
        case .bytes(let bytes): return HeldBytes(bytes).response()
        case .stream(let stream):
            let running = RunningStream(
                stream, core: exchange.core, connection: exchange.connection, engine: exchange.engine)
            exchange.answers(through: running.pipe)
            let context = Unmanaged.passRetained(running).toOpaque()
            let made = front_stream_response(blockBytes, readStream, context, releaseStream)
            if made == nil { Unmanaged<RunningStream>.fromOpaque(context).release() }
            // libmicrohttpd 0.9.75 sends the last chunk's "0" even to HEAD, and the next answer would
            // begin with it. In this mode it names no framing and closes, which is right for HEAD.
            if exchange.head.method == .head { front_omit_framing(made) }
            return made
        }
    }
}

private func readStream(
    _ context: UnsafeMutableRawPointer?, _ position: UInt64, _ target: UnsafeMutablePointer<CChar>?, _ count: Int
) -> Int {
    guard let context, let target else { return front_reader_error }
    let stream = Unmanaged<RunningStream>.fromOpaque(context).takeUnretainedValue()
    return stream.read(into: UnsafeMutableRawBufferPointer(start: target, count: count))
}

private func releaseStream(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<RunningStream>.fromOpaque(context).takeRetainedValue().release()
}
