extension ProblemType {
    /// What it means and what the caller can do: the text of `/problems/{slug}`.
    var explanation: String {
        switch self {
        case .invalidRequest:
            "One or more fields of the body or parameters of the query break the contract. `errors` lists all of them, each with its path (`agent.identity`, `rpc_methods[0].name`, `limit`) and what is wrong. Correct them and send the request again."
        case .malformedJSON:
            "The body cannot be read as JSON in UTF-8: bad syntax, a name given twice in one object, half a surrogate pair, a number beyond a double, nesting deeper than 64 levels, or bytes that are not UTF-8. `detail` says where."
        case .malformedRequest:
            "The request line, a header, the framing or the percent-encoding of the path is broken, or says two things at once, for instance `Content-Length` together with `Transfer-Encoding`. Something between you and the service may have changed the request."
        case .badAudio:
            "The body of a speech cannot be played: it is no WAV, a WAV of another kind than PCM with 16 bits, breaks off in the middle, is empty, has more than two channels, or a sample rate that is not taken. `detail` says which. What had come before the bad part may have been heard already; the speech is over."
        case .unauthenticated:
            "The request has no API key and no LiveKit access token, or one that is not known, is over, or is not good yet; `detail` says which. Send `Authorization: Bearer` with a key of this service, or with a token signed with its LiveKit API secret that has `roomAdmin` for its room."
        case .forbidden:
            "The key or token is known but may not do this. `required_scope` says which scope is needed: `read` for GET; `write` for everything that changes something; `admin` for webhooks, for changes of the default methods, and to take the floor from somebody (`errors` then names the field `preempt`). `errors` names `status` where pending invocations were to be taken with a key that may only read. A LiveKit token reaches the sessions of its own room and nothing of the service itself."
        case .routeNotFound:
            "No call of the API has this path. Paths are case-sensitive and have no trailing slash; `/docs` lists them."
        case .sessionNotFound:
            "No session has this id; an id that is malformed cannot exist and gets the same answer."
        case .rpcMethodNotFound: "The session, or the list of defaults, has no RPC method of this name."
        case .turnNotificationNotFound:
            "The session has no turn notification of this id; an id that is malformed cannot exist and gets the same answer."
        case .turnNotFound:
            "The session has never had a turn of this id; an id that is malformed cannot exist and gets the same answer."
        case .turnAudioNotKept:
            "The turn exists, but its audio does not: the session's policy did not say `keep_turn_audio`, the turn is still under way, or the service has dropped the audio since, for age or for space."
        case .methodNotAllowed:
            "The path exists, but not with this method. The `Allow` header lists those that it takes."
        case .notAcceptable:
            "`Accept` leaves out every media type that this call can serve. `available` lists them."
        case .requestTimeout: "The head or the body of the request took longer than the service waits for it."
        case .identityTaken:
            "A live session has an agent of that identity in that room already; `conflicting_session` is its id. End it, or take another identity."
        case .rpcMethodTaken:
            "A method of this name is registered already. Replace it with PUT, or choose another name."
        case .rpcMethodBuiltin: "Turngate's own methods can be neither replaced nor removed. Choose another name."
        case .tooManyRPCMethods:
            "A session, and the list of defaults, has a bounded number of methods, which `limit` tells; a new session starts with its own and the defaults together. Remove one first."
        case .invocationNotFound:
            "The session has had no invocation of this id; an id that is malformed cannot exist and gets the same answer."
        case .webhookNotFound:
            "No webhook has this id; an id that is malformed cannot exist and gets the same answer."
        case .eventNotFound:
            "`Last-Event-ID` (or `last_event_id`) names an event that is not there, or not among those of this stream. Begin again without it, or with `from=start`."
        case .tooManySessions:
            "The API key has as many live sessions as it may have, which `limit` tells. End one first."
        case .tooManyWebhooks:
            "There may be a bounded number of webhooks for the whole service, and for each session, which `limit` tells. Remove one first."
        case .invocationOver:
            "The invocation has its answer already, from you or from another poller, or its caller's deadline has passed. Nothing was changed."
        case .idempotencyKeyInUse:
            "Another request with this `Idempotency-Key` is being carried out. Ask again after `Retry-After`, with the same key: the answer is kept for it."
        case .idempotencyKeyReused:
            "This `Idempotency-Key` came with another call (method, path, query or body) within the last 24 hours. Take a new key for a new call."
        case .idempotencyReplyTooLarge:
            "The call with this `Idempotency-Key` was carried out; `reply_status` is the status of its answer, which was longer than the 16 MiB that are kept. Do not repeat it, under this key or another: look with GET for what came of it."
        case .rateLimited:
            "The key makes more calls than it may. `Retry-After` says when the next one will be taken; `RateLimit` in each answer tells what is left."
        case .illegalStateStep:
            "The agent cannot go from the state `from` to the state `to`: nothing leads back to `initializing`."
        case .sessionNotWorking:
            "The session has not yet joined its room, or is ending, or is over; `session_status` says which. Nothing was changed."
        case .floorTaken:
            "`holder` has the floor, in the turn `turn_id` with `epoch`, or is just being offered it (then both are null). Nothing was changed. Wait until the turn has ended, ask with `queue: true` to be offered the floor next, or, with a key of the scope `admin`, take it with `preempt: true`."
        case .staleTurn:
            "The turn that was named is over, or its epoch is another one. Nothing was changed. `turn_id` and `epoch` are those of the turn under way, null where there is none."
        case .noFloor:
            "The session's turn policy has `mode: open`: everybody may speak, and there is no turn to take. Change the policy to `manual` to have turns."
        case .agentBusy:
            "The agent is in the state `agent_state`, in which nobody is heard, and the policy's `allow_interruptions` is off. Start the turn when the agent listens again."
        case .queueFull:
            "`limit` participants wait for the floor already. Ask again later."
        case .participantAbsent:
            "No participant of the identity `participant` is in the session's room, or it is one that takes no turns: an agent, a recorder or a feed."
        case .bodyTooLarge: "The body is longer than the call takes: 64 MiB of audio, 1 MiB of anything else."
        case .audioTooLong:
            "A speech is at most 10 minutes long. What had come until then may have been heard already; the speech is over."
        case .targetTooLong: "The path and query are longer than the service reads."
        case .unsupportedMediaType:
            "Bodies are `application/json` in UTF-8, for speech `audio/wav` or `audio/L16` with its rate. The answer's `Accept` header lists what the call takes; send one of it as `Content-Type`."
        case .expectationFailed: "The only expectation that the service knows is `100-continue`."
        case .headersTooLarge: "The request's head is longer than 32 KiB or has too many fields."
        case .internalError:
            "A mistake of the service, not of the caller. The log has an entry under the answer's `request_id`; please report it."
        case .notImplemented: "The request uses a method or a transfer coding that the service does not know."
        case .roomUnreachable:
            "The agent did not get into the room in time. The session is kept with the status `failed`; `session` is its id. Check that the room server runs and is reachable, then make a new session."
        case .roomTokenRefused:
            "The room server did not accept the agent's token. The session is kept with the status `failed`; `session` is its id. Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET and both machines' clocks."
        case .roomFailed:
            "The room server refused or did not answer what the session's agent asked of it. `detail` says what."
        case .storeUnavailable:
            "What you asked for needs PostgreSQL, which does not answer. Live sessions go on meanwhile. Try again after the seconds in `Retry-After`."
        case .overloaded:
            "A bound of the service was reached; `detail` says which. Try again after the seconds in `Retry-After`."
        case .shuttingDown:
            "The service is being stopped and takes nothing new. Try again after the seconds in `Retry-After`."
        case .versionNotSupported: "The service speaks HTTP/1.1 and HTTP/1.0."
        }
    }
}
