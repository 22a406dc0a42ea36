import Domain
import Foundation
import HTTPServer
import Logging
import Metrics
import Synchronization
import Testing

@testable import ControlAPI

/// The API over fakes, asked in memory.
struct APIHarness {
    let sessions = FakeSessions()
    let history = FakeHistory()
    let eventLog = FakeEventLog()
    /// Not running unless a test runs it.
    let events: EventHub
    let webhooks = FakeWebhooks()
    let metrics = MetricsRegistry()
    let log = LogCollector()
    let api: ControlAPI

    init(
        keys: (any CallerAuthenticator)? = FakeKeys(), probes: [any ReadinessProbe] = [], docs: URL? = nil,
        clock: any TurngateClock = FixedClock(), limits: EventHubLimits = .unpaced, serviceSigns: Bool = true,
        adapt: (inout Dependencies) -> Void = { _ in }
    ) throws {
        let log = log
        let logger = Logger(label: "test") { _ in log }
        events = EventHub(log: eventLog, clock: clock, metrics: metrics, logger: logger, limits: limits)
        var dependencies = Dependencies(
            sessions: sessions, history: history, events: events, webhooks: webhooks,
            outboundURLs: FakeOutboundRule(), serviceSigns: serviceSigns, tokens: FakeTokens(), authenticator: keys,
            probes: probes, metrics: metrics, openAPI: try Contract.bytes(), docsDirectory: docs,
            version: VersionInfo(version: "0.2.0", commit: "abc"), clock: clock, logger: logger)
        adapt(&dependencies)
        api = try ControlAPI(dependencies)
    }

    /// Sends a request with the key `dev-key` unless another `authorization` is given (empty: none).
    func send(
        _ method: HTTPMethod, _ target: String, _ body: String? = nil, headers: HTTPHeaders = [:],
        authorization: String = "Bearer dev-key"
    ) async throws -> Answer {
        var headers = headers
        if !authorization.isEmpty { headers.add("Authorization", authorization) }
        if body != nil, headers["Content-Type"] == nil { headers.add("Content-Type", "application/json") }
        return try await send(method, target, bytes: body.map { Array($0.utf8) } ?? [], headers: headers)
    }

    func send(_ method: HTTPMethod, _ target: String, bytes: [UInt8], headers: HTTPHeaders) async throws -> Answer {
        let request = HTTPRequest(
            method: method, target: try #require(HTTPTarget(target)), headers: headers, body: bytes)
        return Answer(await api.respond(to: request))
    }

    /// A session to work with, and its path.
    func session(_ body: String = #"{"room":"support-42"}"#) async throws -> String {
        try await send(.post, "/v1/sessions", body).header("Location")
    }
}

/// An answer, ready to be looked at.
struct Answer {
    let response: HTTPResponse
    var status: Int { response.status }

    init(_ response: HTTPResponse) { self.response = response }

    func header(_ name: String) throws -> String { try #require(response.headers[name]) }

    var bytes: [UInt8] {
        if case .bytes(let bytes) = response.body { return bytes }
        return []
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func json() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any], "\(text)")
    }

    /// The fields that a problem's `errors` name, in their order.
    func fields() throws -> [String] {
        let errors = try #require(try json()["errors"] as? [[String: String]], "\(text)")
        return errors.compactMap { $0["field"] }
    }
}

/// Keeps what is logged.
final class LogCollector: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        lines.withLock { $0.append("\(event.level) \(event.message) " + pairs.joined(separator: " ")) }
    }
}

extension EventHubLimits {
    /// For clocks that stand still: events are read as they come.
    static var unpaced: EventHubLimits {
        var limits = EventHubLimits()
        limits.pace = .zero
        return limits
    }
}
