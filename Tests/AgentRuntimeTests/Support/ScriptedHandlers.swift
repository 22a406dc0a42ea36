import Domain
import Synchronization

/// The users' systems, whose answers a test commands.
final class ScriptedHandlers: HandlerBackend {
    typealias Answer = @Sendable (PendingInvocation) async throws(HandlerFailure) -> HandlerAnswer

    /// One call as it went out.
    struct Call {
        var handler: WebhookHandler
        var invocation: PendingInvocation
        var timeout: Duration
        var trace: TraceContext?
    }

    private struct State {
        var answer: Answer = { _ throws(HandlerFailure) in HandlerAnswer(status: 204, body: []) }
        var calls: [Call] = []
        var cancelled = 0
    }

    private let state = Mutex(State())

    var calls: [Call] { state.withLock { $0.calls } }
    /// How many calls were cancelled before they had their answer.
    var cancelled: Int { state.withLock { $0.cancelled } }

    /// What is answered from now on.
    func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }
    func answer(_ status: Int, _ body: String) {
        answer { _ throws(HandlerFailure) in HandlerAnswer(status: status, body: Array(body.utf8)) }
    }

    func call(
        _ handler: WebhookHandler, with invocation: PendingInvocation, timeout: Duration
    ) async throws(HandlerFailure) -> HandlerAnswer {
        let answer = state.withLock { state in
            state.calls.append(
                Call(handler: handler, invocation: invocation, timeout: timeout, trace: TraceContext.current))
            return state.answer
        }
        let outcome: Result<HandlerAnswer, HandlerFailure>
        do throws(HandlerFailure) { outcome = .success(try await answer(invocation)) } catch {
            outcome = .failure(error)
        }
        if Task.isCancelled { state.withLock { $0.cancelled += 1 } }
        return try outcome.get()
    }
}
