import Domain

extension RPCMethodReport {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            spec.writeMembers(to: &writer)
            writer.member("builtin", builtin)
            writer.member("registered_at", registeredAt.description)
            writer.member("usage") { usage.write(to: &$0) }
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
    func write(to writer: inout JSONWriter, omitting omitted: Set<EventMember> = []) {
        writer.object { writer in
            writer.member("identity", identity)
            writer.member("outcome", outcome.rawValue)
            if let response, !omitted.contains(.responses) { writer.member("response", response) }
            if let error { writer.member("error") { error.write(to: &$0, withData: !omitted.contains(.errorData)) } }
            writer.member("latency_ms", latency?.milliseconds)
        }
    }
}

extension RPCError {
    func write(to writer: inout JSONWriter, withData: Bool = true) {
        writer.member("code", code)
        writer.member("message", message)
        if let data, withData { writer.member("data", data) }
    }
}
