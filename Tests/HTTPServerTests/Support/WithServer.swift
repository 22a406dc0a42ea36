import HTTPServer
import Synchronization

/// What a test sees of its server.
struct TestServer: Sendable {
    let server: HTTPServer
    let port: Int
    let events: Events

    final class Events: Sendable {
        private let list = Mutex<[HTTPServerEvent]>([])

        var all: [HTTPServerEvent] { list.withLock { $0 } }

        func add(_ event: HTTPServerEvent) {
            list.withLock { $0.append(event) }
        }
    }
}

/// A server on a free port of 127.0.0.1 with a handler, stopped afterwards.
func withServer<Result>(
    limits: HTTPLimits = HTTPLimits(), stopDeadline: Duration = .seconds(5),
    bodyRule: @escaping @Sendable (HTTPRequestHead) -> HTTPBodyRule = { _ in .collected },
    _ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse,
    _ body: (TestServer) async throws -> Result
) async throws -> Result {
    var configuration = HTTPServerConfiguration(address: .ip(host: "127.0.0.1", port: 0))
    configuration.limits = limits
    configuration.bodyRule = bodyRule
    let events = TestServer.Events()
    let server = try HTTPServer(
        configuration: configuration, handler: HTTPClosureHandler(handler), errorResponse: frontError, log: events.add)
    try server.start()
    do {
        let result = try await body(TestServer(server: server, port: server.port ?? 0, events: events))
        await server.stop(deadline: stopDeadline)
        return result
    } catch {
        await server.stop(deadline: .zero)
        throw error
    }
}

/// The error's name as a problem, so that a test can tell ours from libmicrohttpd's.
@Sendable func frontError(_ error: HTTPFrontError, _ head: HTTPRequestHead?) -> HTTPResponse {
    HTTPResponse(
        status: error.status, headers: ["Content-Type": "application/problem+json"],
        body: .bytes(Array("\(error)".utf8)))
}

/// Answers with method, path and the body's length and, after `/slow`, only after a wait.
@Sendable func echo(_ request: HTTPRequest) async -> HTTPResponse {
    if request.path.hasPrefix("/slow") { try? await Task.sleep(for: .milliseconds(5)) }
    return text("\(request.method) \(request.path) \(request.body.count)")
}

func text(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": "text/plain"], body: .bytes(Array(text.utf8)))
}
