import Domain
import HTTPServer

/// The contract of `openapi.yaml` over HTTP: finds the call that is meant, who
/// calls and whether he may, lets the routes decode, call and encode, and
/// turns whatever goes wrong into a problem.
public final class ControlAPI: HTTPHandler {
    private let router: HTTPRouter
    /// In the order of the router's routes.
    private let endpoints: [Endpoint]
    /// Of each endpoint.
    private let routeMetrics: [RouteMetrics]
    /// The methods of those whose bodies are read while they come.
    private let streamingMethods: Set<HTTPMethod>

    private let sessions: any SessionControl
    private let authentication: Authentication
    private let rateLimiter: RateLimiter?
    private let gate: IdempotencyGate?
    private let metrics: HTTPMetrics
    private let log: AccessLog
    private let relay: (any TaskExecutor)?
    private let clock: any TurngateClock

    /// - Throws: `HTTPRoutingError` when two routes of ours collide: a mistake
    ///   of this target, never of the configuration.
    public init(_ dependencies: Dependencies) throws(HTTPRoutingError) {
        let all = Self.endpoints(dependencies)
        router = try HTTPRouter(
            all.map { endpoint in
                // Routing only: `answer` calls the endpoint itself, with the context of the request.
                HTTPRoute(endpoint.method, endpoint.pattern) { _ in HTTPResponse(status: 500) }
            })
        endpoints = all
        streamingMethods = Set(all.filter { if case .streamed = $0.bodyRule { true } else { false } }.map(\.method))
        sessions = dependencies.sessions
        rateLimiter = dependencies.rateLimit.map { RateLimiter($0, clock: dependencies.clock) }
        gate = dependencies.idempotency.map { IdempotencyGate($0, logger: dependencies.logger) }
        authentication = Authentication(authenticator: dependencies.authenticator, clock: dependencies.clock)
        let metrics = HTTPMetrics(dependencies.metrics)
        self.metrics = metrics
        routeMetrics = all.map { metrics.of($0.pattern) }
        log = AccessLog(logger: dependencies.logger)
        relay = dependencies.relay
        clock = dependencies.clock
    }

    private static func endpoints(_ dependencies: Dependencies) -> [Endpoint] {
        let sessions = dependencies.sessions
        let rules = dependencies.rules
        return SessionRoutes(sessions: sessions, rules: rules).endpoints
            + ParticipantTokenRoutes(sessions: sessions, tokens: dependencies.tokens, clock: dependencies.clock)
            .endpoints
            + AgentStateRoutes(sessions: sessions).endpoints
            + StateHistoryRoutes(sessions: sessions, history: dependencies.history, clock: dependencies.clock)
            .endpoints
            + RPCMethodRoutes(sessions: sessions, rules: rules).endpoints
            + DefaultMethodRoutes(sessions: sessions, rules: rules).endpoints
            + RPCInvocationRoutes(sessions: sessions).endpoints + RPCCallRoutes(sessions: sessions).endpoints
            + WebhookRoutes(webhooks: dependencies.webhooks, rules: rules).endpoints
            + TurnNotificationRoutes(sessions: sessions).endpoints
            + TurnRoutes(sessions: sessions).endpoints + audioEndpoints(sessions, dependencies.clock)
            + IncidentRoutes(sessions: sessions).endpoints
            + EventRoutes(sessions: sessions, events: dependencies.events, clock: dependencies.clock).endpoints
            + OperationsRoutes(dependencies).endpoints
            + ProblemRoutes().endpoints + DocumentationRoutes(directory: dependencies.docsDirectory).endpoints
    }

    private static func audioEndpoints(_ sessions: any SessionControl, _ clock: any TurngateClock) -> [Endpoint] {
        let formats = AudioStreamFormats()
        return AudioInputRoutes(sessions: sessions, formats: formats).endpoints
            + AudioStreamRoutes(sessions: sessions, formats: formats, clock: clock).endpoints
            + SpeechRoutes(sessions: sessions).endpoints
    }

    /// Every method and path pattern, for a test that holds them against the contract.
    public var routes: [HTTPRouter.Listing] { router.routes }

    /// Every call with what it asks of its caller, for a test.
    var allEndpoints: [Endpoint] { endpoints }

    /// Which requests' bodies are read while they come; what the server's
    /// `bodyRule` is to be.
    public func bodyRule(_ head: HTTPRequestHead) -> HTTPBodyRule {
        guard streamingMethods.contains(head.method), let target = head.target,
            case .matched(let route, _) = router.outcome(of: head.method, target)
        else { return .collected }
        return endpoints[route.number].bodyRule
    }

    /// Answers one request; never with anything but a documented answer.
    public func answer(_ request: HTTPRequest) -> HTTPAnswer {
        let start = clock.uptime
        var call = APIRequest(http: request, context: RequestContext(headers: request.headers))
        switch router.outcome(of: request.method, request.target) {
        case .matched(let route, let parameters):
            call.http.parameters = parameters
            call.http.route = route.pattern
            return answer(&call, endpoints[route.number], routeMetrics[route.number], since: start)
        case .options(let allowed, let route):
            let response = HTTPResponse(status: 204, headers: ["Allow": HTTPRouter.allow(allowed)])
            return .now(finished(response, call, metrics.of(route), since: start))
        case .missed(let miss):
            var route = HTTPMetrics.unmatched
            if case .methodNotAllowed(_, let known) = miss { route = known }
            let response = Problem(miss).response(instance: request.path, requestID: call.context.requestID)
            return .now(finished(response, call, metrics.of(route), since: start))
        }
    }

    /// Who calls and whether he may, then the call: at once where nothing has to be
    /// waited for.
    private func answer(
        _ call: inout APIRequest, _ endpoint: Endpoint, _ metrics: RouteMetrics, since start: Duration
    ) -> HTTPAnswer {
        do {
            try admit(&call, endpoint)
            // Whether a room's caller reaches it may have to be looked up.
            if let answerAtOnce = endpoint.answerAtOnce, call.context.caller?.room == nil,
                let response = try answerAtOnce(call)
            {
                return .now(finished(response, call, metrics, since: start))
            }
        } catch {
            let response = call.context.bound { [call] in answer(error, call) }
            return .now(finished(response, call, metrics, since: start))
        }
        return .later(on: endpoint.isRelay ? relay : nil) { [self, call] in
            await call.context.bound {
                finished(await carryOut(call, endpoint), call, metrics, since: start)
            }
        }
    }

    /// Counts and logs the answer, and gives it what every answer has.
    private func finished(
        _ response: HTTPResponse, _ call: APIRequest, _ metrics: RouteMetrics, since start: Duration
    ) -> HTTPResponse {
        let duration = clock.uptime - start
        metrics.record(call.http.method, status: response.status, duration: duration)
        log.record(call.http, route: metrics.route, call.context, status: response.status, duration: duration)
        return response.finished(call.context)
    }

    /// Whether the caller reaches what is meant, and whether it was done already;
    /// then the call.
    private func carryOut(_ call: APIRequest, _ endpoint: Endpoint) async -> HTTPResponse {
        do {
            try await call.checkReach(endpoint.reach, sessions)
            guard let gate else { return try await endpoint.answer(call) }
            return try await gate.answer(call, remake: { await self.remake(endpoint, $0, $1) }) { call in
                await self.attempt(endpoint, call)
            }
        } catch {
            return answer(error, call)
        }
    }

    /// Names the caller. Throws 401, 429 and 403.
    private func admit(_ call: inout APIRequest, _ endpoint: Endpoint) throws(Problem) {
        guard let scope = endpoint.scope else { return }
        call.context.caller = try authentication.caller(of: call.http.headers)
        try rateLimiter?.admit(&call.context)
        if let caller = call.context.caller, caller.scope < scope { throw Problem(forbiddenWithout: scope) }
        call.context.standing = authentication.standing(of: call.context.caller, for: scope)
    }

    private func attempt(_ endpoint: Endpoint, _ request: APIRequest) async -> CallAnswer {
        do {
            return CallAnswer(response: try await endpoint.answer(request))
        } catch {
            return refusal(error, request)
        }
    }

    private func remake(
        _ endpoint: Endpoint, _ made: IdempotencyOutcome.Made, _ request: APIRequest
    ) async -> CallAnswer {
        do {
            guard let remade = endpoint.remade else {
                throw TurngateError.internalFailure("\(endpoint.pattern) cannot say what its claim was bound to")
            }
            return CallAnswer(response: try await remade(made, request))
        } catch {
            return refusal(error, request)
        }
    }

    private func refusal(_ error: any Error, _ request: APIRequest) -> CallAnswer {
        let problem = problem(error, request.context)
        let response = problem.response(instance: request.http.path, requestID: request.context.requestID)
        return CallAnswer(response: response, problem: problem.type)
    }

    private func answer(_ error: any Error, _ call: APIRequest) -> HTTPResponse {
        problem(error, call.context).response(instance: call.http.path, requestID: call.context.requestID)
    }

    private func problem(_ error: any Error, _ context: RequestContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case TurngateError.internalFailure(let reason):
            log.logger.error(
                "internal failure", metadata: ["request_id": "\(context.requestID)", "reason": "\(reason)"])
            return .internalError
        case let error as TurngateError: return Problem(error)
        default:
            let kind = String(describing: type(of: error))
            log.logger.error("unexpected error", metadata: ["request_id": "\(context.requestID)", "error": "\(kind)"])
            return .internalError
        }
    }
}

extension ControlAPI {
    /// The answer to a request that the HTTP front would not take; what the
    /// server's `errorResponse` is to be. `head` is nil where it was not complete.
    public func frontErrorResponse(_ error: HTTPFrontError, _ head: HTTPRequestHead?) -> HTTPResponse {
        let context = RequestContext(headers: head?.headers ?? [:])
        let target = head?.target
        let problem = methodProblem(error, head, target) ?? Problem(error)
        metrics.record(refused: problem.type.status, method: head?.method)
        return problem.response(instance: target?.path ?? "", requestID: context.requestID).finished(context)
    }

    /// A method that the front does not know is still only the wrong one for
    /// a path that exists.
    private func methodProblem(_ error: HTTPFrontError, _ head: HTTPRequestHead?, _ target: HTTPTarget?) -> Problem? {
        guard error == .methodNotImplemented, let head, let target else { return nil }
        guard case .missed(let miss) = router.outcome(of: head.method, target) else { return nil }
        return Problem(miss)
    }
}
