import Domain

extension Problem {
    /// What a caller is told of `error`.
    init(_ error: TurngateError) {
        switch error {
        case .invalid(let errors): self = Problem(invalid: errors)
        case .notFound(let resource): self = Problem(notFound: resource)
        case .conflict(let conflict): self = Problem(conflict)
        case .roomUnreachable(let session, let detail):
            self = Problem(.roomUnreachable, detail).adding("session", session.description)
        case .roomTokenRefused(let session, let detail):
            self = Problem(.roomTokenRefused, detail).adding("session", session.description)
        case .roomFailed(let detail): self = Problem(.roomFailed, detail)
        case .storeUnavailable(let detail): self = Problem(.storeUnavailable, detail)
        case .overloaded(let detail): self = Problem(.overloaded, detail)
        case .shuttingDown: self = Problem(.shuttingDown, "The service is being stopped.")
        case .internalFailure: self = .internalError
        }
    }

    /// Says nothing about the mistake: that is for the log.
    static let internalError = Problem(.internalError, "The log has the details under this request_id.")

    init(invalid errors: [FieldError]) {
        let first = errors.first.map { "\($0.field) \($0.message)." } ?? ""
        let more = errors.count > 1 ? " \(errors.count - 1) more in errors." : ""
        self.init(.invalidRequest, first + more)
        self.errors = errors
    }

    init(notFound resource: TurngateError.Resource) {
        switch resource {
        case .session: self.init(.sessionNotFound, "No session has this id.")
        case .rpcMethod: self.init(.rpcMethodNotFound, "There is no RPC method of this name.")
        case .turnNotification: self.init(.turnNotificationNotFound, "The session has no turn notification of this id.")
        case .turn: self.init(.turnNotFound, "The session has had no turn of this id.")
        case .turnAudio: self.init(.turnAudioNotKept, "The turn's audio was not kept, or is gone.")
        case .invocation: self.init(.invocationNotFound, "The session has had no invocation of this id.")
        case .webhook: self.init(.webhookNotFound, "No webhook has this id.")
        case .route: self.init(.routeNotFound, "The API has no such path.")
        }
    }

    init(_ conflict: Conflict) {
        switch conflict {
        case .identityTaken(let room, let identity, let session):
            self = Problem(.identityTaken, "A live session has the identity '\(identity)' in the room '\(room)'.")
                .adding("room", room).adding("identity", identity)
                .adding("conflicting_session", session.description)
        case .rpcMethodTaken(let name):
            self = Problem(.rpcMethodTaken, "The method '\(name)' is registered already.").adding("rpc_method", name)
        case .rpcMethodBuiltin(let name):
            self = Problem(.rpcMethodBuiltin, "The method '\(name)' is Turngate's own.").adding("rpc_method", name)
        case .tooManyRPCMethods(let limit):
            self = Problem(.tooManyRPCMethods, "There are at most \(limit) RPC methods.").adding("limit", limit)
        case .tooManySessions(let limit):
            self = Problem(.tooManySessions, "The key has at most \(limit) live sessions.").adding("limit", limit)
        case .tooManyWebhooks(let limit):
            self = Problem(.tooManyWebhooks, "There are at most \(limit) webhooks.").adding("limit", limit)
        case .invocationOver(let invocation):
            self = Problem(.invocationOver, "The invocation was answered, or its deadline has passed.")
                .adding("invocation", invocation.description)
        case .illegalStateStep(let from, let to):
            self = Problem(.illegalStateStep, "The agent cannot go from \(from.rawValue) to \(to.rawValue).")
                .adding("from", from.rawValue).adding("to", to.rawValue)
        case .turn(let refusal): self = Problem(refusal)
        case .sessionNotWorking(let session, let status):
            self = Problem(.sessionNotWorking, "The session is \(status.rawValue).")
                .adding("session", session.description).adding("session_status", status.rawValue)
        }
    }
}
