import Domain

extension RPCHandler {
    private enum HandlerType: String, CaseIterable { case `static`, echo, webhook, queue }

    /// Reads `handler`, which is required. Nil when it is wrong, which the
    /// reader's errors then say.
    init?(in reader: inout ObjectReader, _ rules: OutboundRules) {
        guard let value = reader.take("handler") else {
            reader.fail("handler", "is required")
            return nil
        }
        guard var handler = ObjectReader.reader(of: value, path: reader.field("handler"), errors: reader.errors) else {
            return nil
        }
        guard let value = handler.take("type") else {
            handler.fail("type", "is required")
            return nil
        }
        guard case .string(let text) = value, let type = HandlerType(rawValue: text) else {
            handler.fail("type", HandlerType.mustBeOneOf)
            return nil
        }
        switch type {
        case .echo: self = .echo
        case .static: self = .static(response: handler.requiredString("response", Limits.payload) ?? "")
        case .webhook: self = .webhook(WebhookHandler(&handler, rules))
        case .queue: self = .queue(QueueHandler(&handler))
        }
        handler.finish()
    }
}

extension QueueHandler {
    fileprivate init(_ reader: inout ObjectReader) {
        self.init()
        if let milliseconds = reader.integer("timeout_ms", Limits.handlerTimeoutMs) {
            timeout = .milliseconds(milliseconds)
        }
        envelope = reader.choice("envelope", RPCEnvelope.self) ?? envelope
    }
}

extension WebhookHandler {
    fileprivate init(_ reader: inout ObjectReader, _ rules: OutboundRules) {
        self.init(url: reader.requiredString("url", rules.url) ?? "")
        if let milliseconds = reader.integer("timeout_ms", Limits.handlerTimeoutMs) {
            timeout = .milliseconds(milliseconds)
        }
        headers = Self.headers(&reader)
        if reader.isAbsent("secret"), !rules.serviceSigns {
            reader.fail("secret", "is required, because the service has no secret of its own (TURNGATE_WEBHOOK_SECRET)")
        }
        secret = reader.string("secret", WebhookSecretRule())
        envelope = reader.choice("envelope", RPCEnvelope.self) ?? envelope
    }

    private static func headers(_ reader: inout ObjectReader) -> [String: String] {
        let headers =
            reader.map(
                "headers", keys: HandlerHeaderNameRule(), values: HandlerHeaderValueRule(),
                atMost: Limits.handlerHeaders) ?? [:]
        var seen = Set<String>()
        for name in headers.keys.sorted() where !seen.insert(name.lowercased()).inserted {
            reader.fail("headers.\(name.prefix(64))", "is there already, in other letters")
        }
        let bytes = headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if bytes > Limits.handlerHeaderBytes {
            reader.fail("headers", "must be at most \(Limits.handlerHeaderBytes) bytes together, is \(bytes)")
        }
        return headers
    }
}
