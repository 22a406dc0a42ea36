import Domain

extension RPCMethodSpec {
    /// A default as the API shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0) } }

    /// What was asked for, without the credentials in it.
    func writeMembers(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("description", description)
        writer.member("handler") { handler.write(to: &$0) }
        writer.key("allowed_callers")
        if let allowedCallers { allowedCallers.write(to: &writer) } else { writer.value(raw: "null") }
        writer.member("keep_payloads", keepsPayloads)
    }
}

extension RPCHandler {
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .echo: writer.member("type", "echo")
        case .builtin: writer.member("type", "builtin")
        case .static(let response):
            writer.member("type", "static")
            writer.member("response", response)
        case .webhook(let handler):
            writer.member("type", "webhook")
            handler.write(to: &writer)
        case .queue(let handler):
            writer.member("type", "queue")
            writer.member("timeout_ms", Int64(handler.timeout.milliseconds))
            writer.member("envelope", handler.envelope.rawValue)
        }
    }
}

extension WebhookHandler {
    /// Whatever the header fields say may be a credential.
    private static let masked = "********"

    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("url", url)
        writer.member("timeout_ms", Int64(timeout.milliseconds))
        writer.member("headers", headers.mapValues { _ in Self.masked })
        writer.member("signed_with", secret == nil ? "service" : "own")
        writer.member("envelope", envelope.rawValue)
    }
}

extension AllowedCallers {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("identities", identities.sorted())
            writer.member("kinds", ParticipantKind.allCases.filter(kinds.contains).map(\.rawValue))
            writer.member("floor_holder", floorHolder)
        }
    }
}
