import Domain

/// An RPC handler as two columns hold it.
struct StoredHandler {
    let type: String
    /// Only with `static`.
    let response: String?

    init(_ handler: RPCHandler) {
        switch handler {
        case .static(let response): (type, self.response) = ("static", response)
        case .echo: (type, response) = ("echo", nil)
        case .builtin: (type, response) = ("builtin", nil)
        case .webhook: (type, response) = ("webhook", nil)  // i4: the store's part
        case .queue: (type, response) = ("queue", nil)
        }
    }

    init(type: String, response: String?) {
        self.type = type
        self.response = response
    }

    /// Nil for a type that this version does not know.
    var handler: RPCHandler? {
        switch type {
        case "static": response.map { .static(response: $0) }
        case "echo": .echo
        case "builtin": .builtin
        default: nil
        }
    }
}
