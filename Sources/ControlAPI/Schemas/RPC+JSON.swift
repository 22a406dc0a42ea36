import Domain

extension RPCMethodReport {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", spec.name)
            writer.member("description", spec.description)
            writeHandler(to: &writer)
            writer.member("builtin", builtin)
            writer.member("registered_at", registeredAt.description)
            writer.member("usage") { usage.write(to: &$0) }
        }
    }

    private func writeHandler(to writer: inout JSONWriter) {
        writer.member("handler") { writer in
            switch spec.handler {
            case .echo: writer.member("type", "echo")
            case .builtin: writer.member("type", "builtin")
            case .webhook, .queue: break  // i4: the API's part
            case .static(let response):
                writer.member("type", "static")
                writer.member("response", response)
            }
        }
    }
}

extension RPCMethodUsage {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("calls", calls)
        writer.member("errors", errors)
        writer.member("mean_latency_ms", meanLatencyMs)
        writer.member("max_latency_ms", calls == 0 ? nil : maxLatencyMs)
        writer.member("last_called_at", lastCall?.description)
    }
}

extension RecipientReceipt {
    /// One recipient's line; `response` and `error` only where there is one.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("identity", identity)
            writer.member("outcome", outcome.rawValue)
            if let response { writer.member("response", response) }
            if let error { writer.member("error") { error.write(to: &$0) } }
            writer.member("latency_ms", latency?.milliseconds)
        }
    }
}

extension RPCError {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("code", code)
        writer.member("message", message)
        if let data { writer.member("data", data) }
    }
}
