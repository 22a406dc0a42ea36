import Domain
import HTTPServer
import Logging

/// One line per request: never a query, a header or a body, since those may
/// hold what is nobody else's business.
struct AccessLog: Sendable {
    let logger: Logger
    /// Whether ordinary requests have a line at all.
    private let isOn: Bool

    init(logger: Logger) {
        self.logger = logger
        isOn = logger.logLevel <= .info
    }

    func record(_ request: HTTPRequest, route: String, _ context: RequestContext, status: Int, duration: Duration) {
        guard isOn else { return }
        // Those that ask every few seconds would drown the rest.
        let level: Logger.Level = Self.quiet.contains(route) && status < 400 ? .debug : .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(16))", "route": "\(route)",
            "path": "\(request.path.prefix(256))",
            "status": "\(status)", "duration_ms": "\(duration.milliseconds)", "request_id": "\(context.requestID)",
        ]
        metadata["caller"] = context.caller.map { "\($0.name)" }
        metadata["remote"] = request.remoteAddress.map { "\($0)" }
        metadata["trace_id"] = "\(context.trace.traceID)"
        logger.log(level: level, "request", metadata: metadata)
    }

    private static let quiet: Set<String> = ["/healthz", "/readyz", "/metrics"]
}
