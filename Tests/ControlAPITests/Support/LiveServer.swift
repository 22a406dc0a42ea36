import Foundation
import HTTPServer
import TestSupport

@testable import ControlAPI

/// The API behind a real socket on a free port.
struct LiveServer {
    let server: HTTPServer
    let port: Int

    init(_ api: ControlAPI, port: UInt16 = 0, idleTimeout: Duration = .seconds(60)) throws {
        var configuration = HTTPServerConfiguration(address: .ip(host: "127.0.0.1", port: port))
        configuration.limits.idleTimeout = idleTimeout
        configuration.bodyRule = api.bodyRule
        server = try HTTPServer(configuration: configuration, handler: api) { api.frontErrorResponse($0, $1) }
        try server.start()
        self.port = server.port ?? 0
    }

    /// Sends raw bytes and reads until the server closes.
    func exchange(_ request: String) async throws -> String {
        let connection = try connect()
        try await connection.send(request)
        return String(decoding: try await connection.receive(), as: UTF8.self)
    }

    func connect() throws -> LiveConnection { try LiveConnection(port: port) }

    /// A request with the key, closed after its answer.
    func get(_ target: String, accept: String) async throws -> String {
        try await exchange(
            "GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\nAccept: \(accept)\r\nConnection: close\r\n\r\n"
        )
    }
}
