import Domain
import OutboundHTTP
import Security

/// Sends one message to a webhook and judges the answer.
struct WebhookSender: Sendable {
    let client: OutboundHTTPClient
    let clock: any TurngateClock
    let timeout: Duration
    /// Nobody reads the answer's body, but the connection is only of use again
    /// once it is through: what is longer ends the connection, and counts as no
    /// answer.
    static let maxResponseBytes = 256 * 1024

    /// What came of it.
    struct Answer: Sendable {
        var at: Timestamp
        var duration: Duration
        var verdict: Verdict
    }

    /// What an answer means.
    enum Verdict: Sendable, Equatable {
        /// Any 2xx.
        case accepted(status: Int)
        /// 410.
        case gone
        /// Any other status; 429 and 503 may say when to come again.
        case refused(status: Int, retryAfter: Duration?)
        /// No answer, and why.
        case unanswered(String)
        /// It is our own doing that nothing was sent, or that nobody waited for
        /// the answer: the receiver is not to blame.
        case notSent(String)
    }

    /// `id` is what the receiver sees as `webhook-id`. Takes `timeout` at most.
    func send(_ body: [UInt8], id: String, trace: TraceContext?, to target: WebhookTarget) async -> Answer {
        let (time, start) = (clock.now, clock.uptime)
        let verdict = await verdict(body, id: id, trace: trace, at: time, target)
        // As it is kept: to the microsecond.
        let duration = Duration.microseconds((clock.uptime - start).microseconds)
        return Answer(at: time, duration: duration, verdict: verdict)
    }

    private func verdict(
        _ body: [UInt8], id: String, trace: TraceContext?, at time: Timestamp, _ target: WebhookTarget
    ) async -> Verdict {
        var headers = [OutboundHeader("content-type", "application/json")]
        do {
            let secrets = try target.secrets.map { try WebhookSecret(text: $0) }
            headers += try SignedMessage.headers(id: id, at: time, body: body, secrets: secrets)
        } catch {
            return .unanswered("it could not be signed: \(error)")
        }
        if let trace { headers.append(OutboundHeader("traceparent", trace.child().traceparent)) }
        let request = OutboundRequest(
            method: .post, url: target.url, headers: headers, body: body, timeout: timeout,
            maxResponseBytes: Self.maxResponseBytes)
        do throws(OutboundError) {
            return judge(try await client.send(request))
        } catch {
            return Self.judge(error)
        }
    }

    private func judge(_ response: OutboundResponse) -> Verdict {
        switch response.status {
        case 200...299: return .accepted(status: response.status)
        case 410: return .gone
        case 429, 503:
            let pause = response.header("retry-after").flatMap { RetryAfter.pause($0, now: clock.now) }
            return .refused(status: response.status, retryAfter: pause)
        default: return .refused(status: response.status, retryAfter: nil)
        }
    }

    private static func judge(_ error: OutboundError) -> Verdict {
        switch error {
        // Full, or its time was spent in our own queue: not a byte was sent.
        case .queueFull, .timedOut(cause: nil), .cancelled, .closed: .notSent("\(error)")
        default: .unanswered("\(error)")
        }
    }
}

extension WebhookSender.Verdict {
    /// The HTTP status; nil where there was no answer.
    var status: Int? {
        switch self {
        case .accepted(let status), .refused(let status, _): status
        case .gone: 410
        case .unanswered, .notSent: nil
        }
    }

    /// What was wrong, as a sentence for the operator; nil where nothing was.
    var problem: String? {
        switch self {
        case .accepted: nil
        case .gone: "the receiver answered 410: it is gone"
        case .refused(let status, _): "the receiver answered \(status)"
        case .unanswered(let problem), .notSent(let problem): problem
        }
    }
}
