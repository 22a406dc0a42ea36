import Domain
import HTTPServer

/// `/v1/rpc-methods`: what every new session starts with.
struct DefaultMethodRoutes: Sendable {
    let sessions: any SessionControl
    let rules: OutboundRules

    private static let collection = "/v1/rpc-methods"

    /// Whoever changes one changes everybody's sessions: that is the operator's, not
    /// every backend's.
    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.collection, add).needing(.admin).remaking(show),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{name}", get),
            Endpoint(.put, Self.collection + "/{name}", replace).needing(.admin),
            Endpoint(.delete, Self.collection + "/{name}", remove).needing(.admin),
        ]
    }

    private func add(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .required)
        let spec = try input.checked(RPCMethodSpec(named: &input.body, rules))
        try await sessions.addDefaultMethod(spec, claim: request.claim)
        return Self.added(spec)
    }

    private static func added(_ spec: RPCMethodSpec) -> HTTPResponse {
        .json(spec.json, status: 201, headers: ["Location": "\(collection)/\(spec.name)"])
    }

    /// The process that added it died before it had answered: the method as it
    /// stands by now.
    private func show(_ made: IdempotencyOutcome.Made, _ request: APIRequest) async throws -> HTTPResponse {
        guard case .defaultMethod(let name) = made else {
            throw TurngateError.internalFailure("a default method's claim is bound to something else")
        }
        return Self.added(try await method(name))
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let methods = try await sessions.defaultMethods().map { $0.shown(to: request.context.caller) }
        return .json(JSONWriter.page(of: methods, next: nil) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let name = try request.methodName()
        try request.expectNothing()
        return .json(try await method(name).shown(to: request.context.caller).json)
    }

    private func method(_ name: String) async throws -> RPCMethodSpec {
        guard let method = try await sessions.defaultMethods().first(where: { $0.name == name }) else {
            throw TurngateError.notFound(.rpcMethod)
        }
        return method
    }

    private func replace(_ request: APIRequest) async throws -> HTTPResponse {
        let name = try request.methodName()
        var input = try request.input(body: .required)
        let spec = try input.checked(RPCMethodSpec(name: name, &input.body, rules))
        try await sessions.replaceDefaultMethod(spec)
        return .json(spec.json)
    }

    private func remove(_ request: APIRequest) async throws -> HTTPResponse {
        let name = try request.methodName()
        try request.expectNothing()
        try await sessions.removeDefaultMethod(name)
        return HTTPResponse(status: 204)
    }
}
