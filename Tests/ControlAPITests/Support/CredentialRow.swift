import Domain

@testable import ControlAPI

/// What one operation asks of its caller. Every operation of the contract has a
/// row here, written by hand: a new one is thought about before it is let in.
struct CredentialRow: Sendable {
    /// `GET /v1/sessions`
    let operation: String
    /// Nil: open to everybody.
    let scope: Caller.Scope?
    let reach: Reach

    init(_ operation: String, _ scope: Caller.Scope?, _ reach: Reach) {
        self.operation = operation
        self.scope = scope
        self.reach = reach
    }

    static let all: [CredentialRow] = session + service + open

    private static let one = "/v1/sessions/{session}"

    private static let session: [CredentialRow] =
        [
            "", "/agent-states", "/agent-states/summary", "/audio-input", "/audio-input/stream", "/events",
            "/incidents",
            "/rpc-invocations", "/rpc-invocations/{invocation}", "/rpc-methods", "/rpc-methods/{name}",
            "/turn-notifications", "/turn-notifications/{notification}", "/turns", "/turns/{turn}",
            "/turns/{turn}/audio",
        ].map { CredentialRow("GET \(one)\($0)", .read, .session) }
        + [
            "PATCH ", "DELETE ", "PUT /agent-state", "PUT /audio-input", "POST /interrupt", "POST /participant-tokens",
            "POST /rpc-calls", "POST /rpc-invocations/{invocation}/response", "POST /rpc-methods",
            "PUT /rpc-methods/{name}", "DELETE /rpc-methods/{name}", "POST /speech", "POST /turn-notifications",
            "POST /turns", "POST /turns/{turn}/end", "POST /turns/{turn}/cancel",
        ].map { call in
            let parts = call.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            return CredentialRow("\(parts[0]) \(one)\(parts[1])", .write, .session)
        }

    private static let service: [CredentialRow] = [
        CredentialRow("GET /v1/sessions", .read, .rooms),
        CredentialRow("POST /v1/sessions", .write, .rooms),
        CredentialRow("GET /v1/agent-states", .read, .rooms),
        CredentialRow("GET /v1/events", .read, .rooms),
        CredentialRow("GET /v1/rpc-methods", .read, .service),
        CredentialRow("POST /v1/rpc-methods", .admin, .service),
        CredentialRow("GET /v1/rpc-methods/{name}", .read, .service),
        CredentialRow("PUT /v1/rpc-methods/{name}", .admin, .service),
        CredentialRow("DELETE /v1/rpc-methods/{name}", .admin, .service),
        CredentialRow("GET /v1/webhooks", .read, .service),
        CredentialRow("POST /v1/webhooks", .admin, .service),
        CredentialRow("GET /v1/webhooks/{webhook}", .read, .service),
        CredentialRow("PATCH /v1/webhooks/{webhook}", .admin, .service),
        CredentialRow("DELETE /v1/webhooks/{webhook}", .admin, .service),
        CredentialRow("POST /v1/webhooks/{webhook}/rotate-secret", .admin, .service),
        CredentialRow("POST /v1/webhooks/{webhook}/test", .admin, .service),
        CredentialRow("GET /v1/webhooks/{webhook}/deliveries", .read, .service),
    ]

    private static let open: [CredentialRow] = [
        "/docs", "/docs/{file}", "/healthz", "/metrics", "/openapi.yaml", "/problems", "/problems/{slug}", "/readyz",
        "/v1/version",
    ].map { CredentialRow("GET \($0)", nil, .open) }
}
