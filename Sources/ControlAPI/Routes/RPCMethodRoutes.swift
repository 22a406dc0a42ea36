import Domain
import HTTPServer

/// `/v1/sessions/{session}/rpc-methods`
struct RPCMethodRoutes: Sendable {
    let sessions: any SessionControl
    let rules: OutboundRules

    private static let collection = "/v1/sessions/{session}/rpc-methods"

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.collection, register),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{name}", get),
            Endpoint(.put, Self.collection + "/{name}", replace),
            Endpoint(.delete, Self.collection + "/{name}", unregister),
        ]
    }

    private func register(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .required)
        let spec = try input.checked(RPCMethodSpec(named: &input.body, rules))
        let report = try await sessions.registerMethod(id, spec).shown(to: request.context.caller)
        return .json(
            report.json, status: 201, headers: ["Location": "/v1/sessions/\(id)/rpc-methods/\(report.spec.name)"])
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        let methods = try await sessions.methods(id).map { $0.shown(to: request.context.caller) }
        return .json(JSONWriter.page(of: methods, next: nil) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        let methods = try await sessions.methods(id)
        guard let method = methods.first(where: { $0.spec.name == request.http.parameters["name"] }) else {
            throw TurngateError.notFound(.rpcMethod)
        }
        return .json(method.shown(to: request.context.caller).json)
    }

    private func replace(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let name = try request.methodName()
        var input = try request.input(body: .required)
        let spec = try input.checked(RPCMethodSpec(name: name, &input.body, rules))
        return .json(try await sessions.replaceMethod(id, spec).shown(to: request.context.caller).json)
    }

    private func unregister(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let name = try request.methodName()
        try request.expectNothing()
        try await sessions.unregisterMethod(id, name: name)
        return HTTPResponse(status: 204)
    }
}
