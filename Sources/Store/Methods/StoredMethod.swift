import Domain
import Foundation

/// A method as the columns of `rpc_methods` and `default_rpc_methods` have it;
/// read in the form of `MethodStatements.json`.
struct StoredMethod: Decodable, Sendable {
    let name: String
    let description: String?
    let type: String
    /// Only with `static`.
    let response: String?
    /// Only with `webhook` and `queue`.
    let handler: StoredHandler?
    let callers: AllowedCallers?
    let keeps: Bool
    let builtin: Bool

    init(_ spec: RPCMethodSpec) {
        name = spec.name
        description = spec.description
        callers = spec.allowedCallers
        keeps = spec.keepsPayloads
        builtin = spec.handler == .builtin
        switch spec.handler {
        case .static(let response): (type, self.response, handler) = ("static", response, nil)
        case .echo: (type, response, handler) = ("echo", nil, nil)
        case .builtin: (type, response, handler) = ("builtin", nil, nil)
        case .webhook(let webhook): (type, response, handler) = ("webhook", nil, StoredHandler(webhook))
        case .queue(let queue): (type, response, handler) = ("queue", nil, StoredHandler(queue))
        }
    }

    /// Nil for a type that this version does not know.
    var spec: RPCMethodSpec? {
        let known: RPCHandler? =
            switch type {
            case "static": response.map { .static(response: $0) }
            case "echo": .echo
            case "builtin": .builtin
            case "webhook": handler?.webhook.map { .webhook($0) }
            case "queue": handler.map { .queue($0.queue) }
            default: nil
            }
        return known.map {
            RPCMethodSpec(
                name: name, description: description, handler: $0, allowedCallers: callers, keepsPayloads: keeps)
        }
    }

    /// The columns that hold JSON, as documents; nil for NULL.
    func documents() throws(TurngateError) -> (handler: [UInt8]?, callers: [UInt8]?) {
        do {
            let encoder = JSONEncoder()
            return (
                try handler.map { [UInt8](try encoder.encode($0)) }, try callers.map { [UInt8](try encoder.encode($0)) }
            )
        } catch {
            throw .internalFailure("a method has no JSON form")
        }
    }
}
