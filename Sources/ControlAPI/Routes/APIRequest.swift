import Domain
import HTTPServer

/// A request on its way to an endpoint.
struct APIRequest: Sendable {
    var http: HTTPRequest
    var context: RequestContext
    /// What its `Idempotency-Key` came to: whatever the call makes is bound to it.
    var claim: IdempotencyClaim? = nil

    /// The API key's name, or what stands for a token.
    var actor: String? { context.caller?.name }

    /// `{session}` of the path. An id that is malformed cannot exist.
    func sessionID() throws(TurngateError) -> SessionID {
        guard let id = http.parameters["session"].flatMap({ SessionID($0) }) else { throw .notFound(.session) }
        return id
    }

    /// `{notification}` of the path.
    func notificationID() throws(TurngateError) -> NotificationID {
        guard let id = http.parameters["notification"].flatMap({ NotificationID($0) }) else {
            throw .notFound(.turnNotification)
        }
        return id
    }

    /// `{turn}` of the path.
    func turnID() throws(TurngateError) -> TurnID {
        guard let id = http.parameters["turn"].flatMap({ TurnID($0) }) else { throw .notFound(.turn) }
        return id
    }

    /// `{invocation}` of the path.
    func invocationID() throws(TurngateError) -> InvocationID {
        guard let id = http.parameters["invocation"].flatMap({ InvocationID($0) }) else {
            throw .notFound(.invocation)
        }
        return id
    }

    /// `{webhook}` of the path.
    func webhookID() throws(TurngateError) -> WebhookID {
        guard let id = http.parameters["webhook"].flatMap({ WebhookID($0) }) else { throw .notFound(.webhook) }
        return id
    }

    /// Makes sure that the caller may use a field that needs more than its
    /// call; where no keys are configured, everybody may.
    func require(_ scope: Caller.Scope, for field: String) throws(Problem) {
        guard let caller = context.caller, caller.scope < scope else { return }
        throw Problem(forbiddenWithout: scope).naming(field, "needs a key with the scope \(scope)")
    }

    /// `{name}` of the path. A name that nobody can register cannot exist.
    func methodName() throws(TurngateError) -> String {
        guard let name = http.parameters["name"], Limits.ownMethod.problem(with: name) == nil else {
            throw .notFound(.rpcMethod)
        }
        return name
    }

    /// Makes sure that the caller takes what comes; throws 406 where `Accept`
    /// leaves out all of `names`, which are those of one media type.
    func requireAcceptable(_ names: [String]) throws(Problem) {
        let accept = AcceptHeader(http.headers)
        guard names.allSatisfy({ accept.quality(of: $0) == 0 }), let name = names.first else { return }
        throw Problem(.notAcceptable, "This comes as \(name).").adding("available", [name])
    }

    /// Whether a call takes a body of JSON; `streamed` is one that it reads itself.
    enum BodyRule { case none, optional, required, streamed }

    /// Makes sure that a call without query and body gets none.
    func expectNothing() throws {
        if http.target.rawQuery.isEmpty, http.body.isEmpty { return }
        var input = try input(body: .none)
        try input.finish()
    }

    /// The request's query and body, ready to be read.
    func input(body rule: BodyRule) throws -> RequestInput {
        let errors = FieldErrors()
        return RequestInput(
            query: QueryReader(http.query, errors: errors), body: try body(rule, errors), errors: errors)
    }

    private func body(_ rule: BodyRule, _ errors: FieldErrors) throws -> ObjectReader {
        let absent = ObjectReader([], path: "", errors: errors)
        if rule == .streamed { return absent }
        if http.body.isEmpty {
            guard rule == .required else { return absent }
            throw TurngateError.invalid([FieldError(field: "body", message: "is required")])
        }
        guard rule != .none else {
            throw TurngateError.invalid([FieldError(field: "body", message: "must be empty, this call takes none")])
        }
        try checkContentType()
        let value = try parsedBody()
        guard case .object(let members) = value else {
            let message = "must be an object, is \(value.kindName)"
            throw TurngateError.invalid([FieldError(field: "body", message: message)])
        }
        return ObjectReader(members, path: "", errors: errors)
    }

    private func parsedBody() throws(Problem) -> JSONValue {
        do {
            return try JSONParser.parse(http.body)
        } catch {
            var problem = Problem(.malformedJSON, "The body \(error.message).")
            problem.errors = [FieldError(field: "body", message: error.message)]
            throw problem
        }
    }

    private func checkContentType() throws(Problem) {
        let fields = http.headers.all("Content-Type")
        guard fields.count == 1, Self.isJSON(fields[0]) else {
            throw Problem(.unsupportedMediaType, "The body must be application/json in UTF-8.")
                .header("Accept", "application/json")
        }
    }

    private static func isJSON(_ field: String) -> Bool {
        let parts = field.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { Substring($0).trimmingSpace }
        guard parts[0].equalsIgnoringCase("application/json") else { return false }
        return parts.dropFirst().allSatisfy {
            $0.equalsIgnoringCase("charset=utf-8") || $0.equalsIgnoringCase("charset=\"utf-8\"")
        }
    }
}

/// A request's query and body while they are read.
struct RequestInput {
    var query: QueryReader
    var body: ObjectReader
    let errors: FieldErrors

    /// Refuses what nobody asked for, then throws all that was found wrong.
    mutating func finish() throws(TurngateError) {
        query.finish()
        body.finish()
        try errors.check()
    }
}
