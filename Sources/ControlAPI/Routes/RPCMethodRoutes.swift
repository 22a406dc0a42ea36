import Domain
import HTTPServer

/// `/v1/sessions/{session}/rpc-methods`
struct RPCMethodRoutes: Sendable {
    let sessions: any SessionControl

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
        let spec = RPCMethodSpec(named: &input.body)
        let report = try await sessions.registerMethod(id, try Self.checked(spec, &input))
        return .json(
            report.json, status: 201, headers: ["Location": "/v1/sessions/\(id)/rpc-methods/\(report.spec.name)"])
    }

    /// What was read, once the rest of the request was found right as well.
    private static func checked(_ spec: RPCMethodSpec?, _ input: inout RequestInput) throws(TurngateError)
        -> RPCMethodSpec
    {
        try input.finish()
        guard let spec else { throw .internalFailure("a method that is neither there nor wrong") }
        return spec
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        let methods = try await sessions.methods(id)
        return .json(JSONWriter.page(of: methods, next: nil) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        try request.expectNothing()
        let methods = try await sessions.methods(id)
        guard let method = methods.first(where: { $0.spec.name == request.http.parameters["name"] }) else {
            throw TurngateError.notFound(.rpcMethod)
        }
        return .json(method.json)
    }

    private func replace(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let name = try request.methodName()
        var input = try request.input(body: .required)
        let spec = RPCMethodSpec(name: name, &input.body)
        return .json(try await sessions.replaceMethod(id, try Self.checked(spec, &input)).json)
    }

    private func unregister(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let name = try request.methodName()
        try request.expectNothing()
        try await sessions.unregisterMethod(id, name: name)
        return HTTPResponse(status: 204)
    }
}
