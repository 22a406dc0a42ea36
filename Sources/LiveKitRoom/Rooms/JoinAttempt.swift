import Domain
import Synchronization

/// One join on its way. The core has no means to call a join off, so its
/// answer is taken in whenever it comes, and left again if nobody wants it.
///
/// That happens on the pump's thread: a room whose events nobody has asked for
/// within 15 s counts as a panic with the core, and that must not hang on a
/// task of a busy process getting its turn.
final class JoinAttempt: Sendable {
    /// Longer than the core's own waits for a join together; an answer that
    /// comes even later is left all the same, but nobody waits for that.
    private static let longestJoin = Duration.seconds(60)

    private struct State {
        var isCalledOff = false
        var answer: Result<LiveKitRoomConnection, RoomError>?
    }

    private let core: LiveKitCore
    private let configuration: LiveKitConfiguration
    private let state = Mutex(State())
    private let answered = FFIReply()

    init(core: LiveKitCore, configuration: LiveKitConfiguration) {
        self.core = core
        self.configuration = configuration
    }

    /// Takes the core's answer in, on the pump's thread.
    func take(_ delivery: FFIDelivery) {
        let answer = Result { () throws(RoomError) -> LiveKitRoomConnection in
            try LiveKitRoomConnection(delivery, core: core, configuration: configuration)
        }
        let isCalledOff = state.withLock { state in
            state.answer = answer
            return state.isCalledOff
        }
        if isCalledOff { leave(answer) }
        answered.settle(.admitted)
    }

    /// What came of it; to be asked once the answer has been delivered.
    func connection() throws(RoomError) -> LiveKitRoomConnection {
        guard let answer = state.withLock({ $0.answer }) else { throw .failed("connect: no answer was taken in") }
        return try answer.get()
    }

    /// Gives it up. The task ends when the core has answered and, if it has
    /// joined after all, the room has been left. Called once.
    func callOff() -> Task<Void, Never> {
        state.withLock { $0.isCalledOff = true }
        return Task {
            _ = await answered.outcome(within: Self.longestJoin)
            guard let answer = state.withLock({ $0.answer }) else { return }
            await leave(answer)?.value
        }
    }

    @discardableResult
    private func leave(_ answer: Result<LiveKitRoomConnection, RoomError>) -> Task<Void, Never>? {
        try? answer.get().leave()
    }
}
