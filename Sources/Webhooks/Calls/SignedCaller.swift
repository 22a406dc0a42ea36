import Domain
import OutboundHTTP
import Security

/// `HandlerBackend`: POSTs calls to the users' systems, signed as Standard
/// Webhooks says.
public struct SignedCaller: HandlerBackend {
    private let client: OutboundHTTPClient
    private let clock: any TurngateClock
    private let secrets: [WebhookSecret]

    /// Calls through `client`, whose address policy is the guard of what may be
    /// reached. `secrets`, the newest first, sign for handlers that have none of
    /// their own.
    public init(client: OutboundHTTPClient, clock: any TurngateClock, secrets: [WebhookSecret]) {
        self.client = client
        self.clock = clock
        self.secrets = secrets
    }

    /// One attempt. The handler's own header fields go with it, except those that
    /// are ours.
    public func call(
        _ handler: WebhookHandler, with invocation: PendingInvocation, timeout: Duration
    ) async throws(HandlerFailure) -> HandlerAnswer {
        let body = try InvocationBody.bytes(of: invocation)
        let request = OutboundRequest(
            method: .post, url: handler.url, headers: try headers(handler, "\(invocation.id)", body), body: body,
            timeout: max(timeout, .milliseconds(1)), maxResponseBytes: HandlerAnswer.bodyBytes)
        do throws(OutboundError) {
            let response = try await client.send(request)
            return HandlerAnswer(status: response.status, body: response.body)
        } catch {
            throw HandlerFailure(error)
        }
    }

    private func headers(
        _ handler: WebhookHandler, _ id: String, _ body: [UInt8]
    ) throws(HandlerFailure) -> [OutboundHeader] {
        let json = "application/json"
        var headers = [OutboundHeader("content-type", json), OutboundHeader("accept", json)]
        headers += try signature(handler, id, body)
        let trace = TraceContext.current?.child() ?? TraceContext.start()
        headers.append(OutboundHeader("traceparent", trace.traceparent))
        let ours = Set(headers.map { $0.name.lowercased() }).subtracting(["accept"])
        let theirs = handler.headers.filter { !ours.contains($0.key.lowercased()) }.sorted { $0.key < $1.key }
        if theirs.contains(where: { $0.key.lowercased() == "accept" }) { headers.removeAll { $0.name == "accept" } }
        return headers + theirs.map { OutboundHeader($0.key, $0.value) }
    }

    private func signature(
        _ handler: WebhookHandler, _ id: String, _ body: [UInt8]
    ) throws(HandlerFailure) -> [OutboundHeader] {
        let secrets: [WebhookSecret]
        do {
            secrets = try handler.secret.map { [try WebhookSecret(text: $0)] } ?? self.secrets
        } catch {
            throw .refused("the handler's secret is of no use: \(error)")
        }
        do throws(StandardWebhooksError) {
            return try SignedMessage.headers(id: id, at: clock.now, body: body, secrets: secrets)
        } catch {
            throw .refused("the call could not be signed: \(error)")
        }
    }
}
