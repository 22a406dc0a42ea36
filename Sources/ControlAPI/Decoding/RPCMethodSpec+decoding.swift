import Domain

extension RPCMethodSpec {
    /// Reads a method with its name.
    init?(named reader: inout ObjectReader) {
        let name = reader.requiredString("name", Limits.ownMethod) ?? ""
        self.init(name: name, &reader)
    }

    /// Reads what a method is besides its name. Nil when the handler is wrong,
    /// which the reader's errors then say.
    init?(name: String, _ reader: inout ObjectReader) {
        let description = reader.string("description", Limits.description)
        let handler = Self.handler(&reader)
        reader.finish()
        guard let handler else { return nil }
        self.init(name: name, description: description, handler: handler)
    }

    private enum HandlerType: String, CaseIterable { case `static`, echo }

    private static func handler(_ reader: inout ObjectReader) -> RPCHandler? {
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
        defer { handler.finish() }
        switch type {
        case .echo: return .echo
        case .static: return .static(response: handler.requiredString("response", Limits.payload) ?? "")
        }
    }
}
