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
            Endpoint(.post, Self.collection, add).needing(.admin),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{name}", get),
            Endpoint(.put, Self.collection + "/{name}", replace).needing(.admin),
            Endpoint(.delete, Self.collection + "/{name}", remove).needing(.admin),
        ]
    }

    private func add(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .required)
        let spec = try input.checked(RPCMethodSpec(named: &input.body, rules))
        try await sessions.addDefaultMethod(spec)
        return .json(spec.json, status: 201, headers: ["Location": "\(Self.collection)/\(spec.name)"])
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let methods = try await sessions.defaultMethods().map { $0.shown(to: request.context.caller) }
        return .json(JSONWriter.page(of: methods, next: nil) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let name = try request.methodName()
        try request.expectNothing()
        guard let method = try await sessions.defaultMethods().first(where: { $0.name == name }) else {
            throw TurngateError.notFound(.rpcMethod)
        }
        return .json(method.shown(to: request.context.caller).json)
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
