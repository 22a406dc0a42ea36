import Domain

extension RPCMethodSpec {
    /// Reads a method with its name.
    init?(named reader: inout ObjectReader, _ rules: OutboundRules) {
        let name = reader.requiredString("name", Limits.ownMethod) ?? ""
        self.init(name: name, &reader, rules)
    }

    /// Reads what a method is besides its name. Nil when the handler is wrong,
    /// which the reader's errors then say.
    init?(name: String, _ reader: inout ObjectReader, _ rules: OutboundRules) {
        let description = reader.string("description", Limits.description)
        let handler = RPCHandler(in: &reader, rules)
        let allowedCallers = AllowedCallers(in: &reader)
        let keepsPayloads = reader.bool("keep_payloads") ?? false
        reader.finish()
        guard let handler else { return nil }
        self.init(
            name: name, description: description, handler: handler, allowedCallers: allowedCallers,
            keepsPayloads: keepsPayloads)
    }
}
