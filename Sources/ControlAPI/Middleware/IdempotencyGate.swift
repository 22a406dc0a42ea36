import Domain
import HTTPServer
import Logging

/// Sees to it that a POST with an `Idempotency-Key` is carried out once, and
/// that its repeats get its answer.
struct IdempotencyGate: Sendable {
    typealias Call = @Sendable (APIRequest) async -> CallAnswer
    typealias Remake = @Sendable (IdempotencyOutcome.Made, APIRequest) async -> CallAnswer

    private let idempotency: Idempotency
    private let logger: Logger

    init(_ idempotency: Idempotency, logger: Logger) {
        self.idempotency = idempotency
        self.logger = logger
    }

    /// The call's own answer, or that of its first time. Throws what stands in
    /// the way of both.
    ///
    /// - Parameters:
    ///   - remake: answers for a call that died after it had made something.
    ///   - call: carries it out. Both turn what goes wrong into an answer.
    func answer(
        _ request: APIRequest, remake: @escaping Remake, _ call: @escaping Call
    ) async throws -> HTTPResponse {
        guard request.http.method == .post, let key = try IdempotencyKey.read(request.http.headers) else {
            return await call(request).response
        }
        let wanted = IdempotencyRequest(
            caller: IdempotencyKey.owner(request.context.caller, idempotency.sha256), key: key,
            fingerprint: Fingerprint.of(request.http, idempotency.sha256))
        switch try await idempotency.log.claim(wanted) {
        case .claimed(let claim):
            // Goes on when the client does not wait for it: who comes back with
            // the key finds the answer.
            return await Task { await carryOut(request, claim, call) }.value
        case .made(let made, let claim):
            return await Task { await carryOut(request, claim) { await remake(made, $0) } }.value.replayed
        case .running: throw Self.inUse
        case .mismatch: throw Self.reused
        case .replied(let reply): return try await replay(reply, to: request.http)
        }
    }

    private static let inUse = Problem(.idempotencyKeyInUse, "The first call with this key is still being carried out.")
        .header("Retry-After", "1")
    private static let reused = Problem(.idempotencyKeyReused, "The key came with another call before.")

    private static func tooLarge(_ reply: StoredReply) -> Problem {
        Problem(.idempotencyReplyTooLarge, "The call was carried out; its answer was too large to be kept.")
            .adding("reply_status", reply.status)
    }

    private func carryOut(_ request: APIRequest, _ claim: IdempotencyClaim, _ call: Call) async -> HTTPResponse {
        var request = request
        request.claim = claim
        let tap = request.http.bodyStream.map { BodyTap($0, idempotency.sha256) }
        request.http.bodyStream = tap?.tapped
        let answer = await call(request)
        do {
            if let reply = await reply(answer, tap) {
                try await idempotency.log.complete(claim, with: reply)
            } else {
                try await idempotency.log.release(claim)
            }
        } catch {
            logger.error("the answer of a keyed call is not kept", metadata: ["error": "\(error)"])
        }
        return answer.response
    }

    /// Says nothing of whether the call can be made: another time it may. What is
    /// not there (404) may be made meanwhile.
    private static let passing: Set = [401, 403, 404, 408, 413, 429]
    /// Refusals that changed nothing and come from how things stand just now.
    /// Those that the call itself earned (a stale turn, a name that is taken)
    /// are kept.
    private static let passingProblems: Set<ProblemType> = [
        .tooManySessions, .tooManyWebhooks, .tooManyRPCMethods, .identityTaken, .floorTaken, .agentBusy, .queueFull,
        .sessionNotWorking, .participantAbsent, .noFloor,
    ]

    /// What to keep of an answer; nil where a repeat is to be a new try.
    private func reply(_ answer: CallAnswer, _ tap: BodyTap?) async -> StoredReply? {
        let status = answer.response.status
        if let problem = answer.problem, Self.passingProblems.contains(problem) { return nil }
        // 502: the session is there, and failed. The log keeps it for that.
        guard status == 502 || (status < 500 && !Self.passing.contains(status)) else { return nil }
        guard let tap else { return StoredReply(answer.response, bodyDigest: nil) }
        // What was done is done for the whole body, also for the end that nobody
        // read; where that breaks off, `digest` stays nil.
        if status < 300 { try? await tap.drain() }
        // Without it, another body under the key would get this answer.
        guard let digest = tap.digest else { return nil }
        return StoredReply(answer.response, bodyDigest: digest)
    }

    private func replay(_ reply: StoredReply, to request: HTTPRequest) async throws -> HTTPResponse {
        if let digest = reply.bodyDigest, let body = request.bodyStream {
            let tap = BodyTap(body, idempotency.sha256)
            do {
                try await tap.drain()
            } catch {
                throw Problem(.malformedRequest, "The body broke off before its end.")
            }
            guard tap.digest?.hexadecimal == digest else { throw Self.reused }
        }
        if reply.isTooLarge { throw Self.tooLarge(reply) }
        return reply.response.replayed
    }
}

extension HTTPResponse {
    fileprivate var replayed: HTTPResponse {
        var response = self
        response.headers.replace("Idempotent-Replayed", "true")
        return response
    }
}
