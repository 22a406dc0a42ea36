/// Every kind of problem that the API can answer with. The raw value is the
/// slug of its `type`, `/problems/{slug}`, and never changes.
enum ProblemType: String, Sendable, CaseIterable {
    case invalidRequest = "invalid-request"
    case malformedJSON = "malformed-json"
    case malformedRequest = "malformed-request"
    case badAudio = "bad-audio"
    case unauthenticated
    case forbidden
    case routeNotFound = "route-not-found"
    case sessionNotFound = "session-not-found"
    case rpcMethodNotFound = "rpc-method-not-found"
    case turnNotificationNotFound = "turn-notification-not-found"
    case turnNotFound = "turn-not-found"
    case turnAudioNotKept = "turn-audio-not-kept"
    case invocationNotFound = "invocation-not-found"
    case webhookNotFound = "webhook-not-found"
    case eventNotFound = "event-not-found"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case requestTimeout = "request-timeout"
    case identityTaken = "identity-taken"
    case rpcMethodTaken = "rpc-method-taken"
    case rpcMethodBuiltin = "rpc-method-builtin"
    case tooManyRPCMethods = "too-many-rpc-methods"
    case tooManySessions = "too-many-sessions"
    case tooManyWebhooks = "too-many-webhooks"
    case invocationOver = "invocation-over"
    case idempotencyKeyInUse = "idempotency-key-in-use"
    case idempotencyKeyReused = "idempotency-key-reused"
    case idempotencyReplyTooLarge = "idempotency-reply-too-large"
    case rateLimited = "rate-limited"
    case illegalStateStep = "illegal-state-step"
    case sessionNotWorking = "session-not-working"
    case floorTaken = "floor-taken"
    case staleTurn = "stale-turn"
    case noFloor = "no-floor"
    case agentBusy = "agent-busy"
    case queueFull = "queue-full"
    case participantAbsent = "participant-absent"
    case bodyTooLarge = "body-too-large"
    case audioTooLong = "audio-too-long"
    case targetTooLong = "uri-too-long"
    case unsupportedMediaType = "unsupported-media-type"
    case expectationFailed = "expectation-failed"
    case headersTooLarge = "headers-too-large"
    case internalError = "internal-error"
    case notImplemented = "not-implemented"
    case roomUnreachable = "room-unreachable"
    case roomTokenRefused = "room-token-refused"
    case roomFailed = "room-failed"
    case storeUnavailable = "store-unavailable"
    case overloaded
    case shuttingDown = "shutting-down"
    case versionNotSupported = "http-version-not-supported"

    var slug: String { rawValue }

    /// The HTTP status that goes with it.
    var status: Int {
        switch self {
        case .invalidRequest, .malformedJSON, .malformedRequest, .badAudio: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .routeNotFound, .sessionNotFound, .rpcMethodNotFound, .turnNotificationNotFound, .turnNotFound,
            .turnAudioNotKept, .invocationNotFound, .webhookNotFound:
            404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .identityTaken, .rpcMethodTaken, .rpcMethodBuiltin, .tooManyRPCMethods, .illegalStateStep,
            .tooManySessions, .tooManyWebhooks, .invocationOver, .idempotencyKeyInUse, .idempotencyReplyTooLarge,
            .sessionNotWorking, .floorTaken, .staleTurn, .noFloor, .agentBusy, .queueFull, .participantAbsent:
            409
        case .eventNotFound: 410
        case .bodyTooLarge, .audioTooLong: 413
        case .targetTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .idempotencyKeyReused: 422
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .roomUnreachable, .roomTokenRefused, .roomFailed: 502
        case .storeUnavailable, .overloaded, .shuttingDown: 503
        case .versionNotSupported: 505
        }
    }

    /// One line, the same for every occurrence.
    var title: String {
        switch self {
        case .invalidRequest: "The request has fields that are not valid"
        case .malformedJSON: "The request body is not JSON"
        case .malformedRequest: "The request is not well-formed HTTP"
        case .badAudio: "The request body is not audio that can be played"
        case .unauthenticated: "An API key or LiveKit token is needed"
        case .forbidden: "The API key or token does not allow this"
        case .routeNotFound: "There is nothing at this path"
        case .sessionNotFound: "There is no such session"
        case .rpcMethodNotFound: "There is no such RPC method"
        case .turnNotificationNotFound: "There is no such turn notification"
        case .turnNotFound: "There is no such turn"
        case .turnAudioNotKept: "The turn's audio was not kept"
        case .invocationNotFound: "There is no such invocation"
        case .webhookNotFound: "There is no such webhook"
        case .eventNotFound: "There is no such event to go on from"
        case .methodNotAllowed: "This path does not take this method"
        case .notAcceptable: "None of the accepted media types can be served"
        case .requestTimeout: "The request did not arrive in time"
        case .identityTaken: "The agent's identity is taken in that room"
        case .rpcMethodTaken: "The RPC method's name is taken"
        case .rpcMethodBuiltin: "The RPC method is built in"
        case .tooManyRPCMethods: "There are too many RPC methods"
        case .tooManySessions: "The key has too many live sessions"
        case .tooManyWebhooks: "There are too many webhooks"
        case .invocationOver: "The invocation needs no answer any more"
        case .idempotencyKeyInUse: "The call with this Idempotency-Key is still running"
        case .idempotencyKeyReused: "The Idempotency-Key was used for another call"
        case .idempotencyReplyTooLarge: "The call was carried out, and its answer was too large to be kept"
        case .rateLimited: "Too many calls in too short a time"
        case .illegalStateStep: "The agent's state cannot go that way"
        case .sessionNotWorking: "The session's status does not allow this"
        case .floorTaken: "Somebody else has the floor"
        case .staleTurn: "That turn is not the one under way"
        case .noFloor: "The session has no floor to take"
        case .agentBusy: "The agent is not to be interrupted"
        case .queueFull: "Too many wait for the floor"
        case .participantAbsent: "The participant is not in the room"
        case .bodyTooLarge: "The request body is too large"
        case .audioTooLong: "The audio is too long"
        case .targetTooLong: "The request target is too long"
        case .unsupportedMediaType: "The request body's media type is not supported"
        case .expectationFailed: "The request's expectation cannot be met"
        case .headersTooLarge: "The request's headers are too large"
        case .internalError: "Something went wrong inside the service"
        case .notImplemented: "The service does not know how to do this"
        case .roomUnreachable: "The room server could not be reached"
        case .roomTokenRefused: "The room server refused the agent's token"
        case .roomFailed: "The room did not do what was asked of it"
        case .storeUnavailable: "The database is not available"
        case .overloaded: "The service has more to do than it takes on"
        case .shuttingDown: "The service is shutting down"
        case .versionNotSupported: "The HTTP version is not supported"
        }
    }
}
