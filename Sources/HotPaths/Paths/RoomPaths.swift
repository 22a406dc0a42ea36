import Domain
import TestSupport

/// What happens in a room: calls to the agent's methods, turns, and sound.
@Driver struct RoomPaths {
    private nonisolated static let track = "TR_alice"
    /// In milliseconds, between calls: such as come faster are answered, but not all of them logged.
    private static let pause: Int64 = 50
    private let service: CountedService
    private let connection: FakeRoomConnection
    private let session: SessionID
    /// Where alice's frames go, as from the room's audio thread.
    private let sink: AudioSink
    private let turns = Turns()
    private let frame = AudioFrame([Int16](repeating: 1000, count: AudioFrame.sampleCount))

    /// Alice has a microphone, and everything lags behind by nothing.
    init(_ service: CountedService) async throws {
        self.service = service
        service.room.setAudioLag(.zero)
        session = try await service.session("floor") { spec in
            spec.rpcMethods = [RPCMethodSpec(name: "echo", handler: .echo)]
            spec.turnPolicy.maxTurnMs = 3_600_000
        }
        guard let connection = service.room.current else { throw HotPathFailure("nobody is in the room") }
        guard await eventually({ connection.isReceiving(Self.track) }) else { throw HotPathFailure("nobody listens") }
        guard let sink = connection.sink(of: Self.track) else { throw HotPathFailure("nobody listens") }
        (self.connection, self.sink) = (connection, sink)
    }

    /// Who comes into the rooms, before there is a session.
    static func enter(_ room: FakeRoom) {
        room.join("alice")
        room.setAudio(of: "alice", to: AudioPublication(trackSid: track, name: "microphone", muted: false))
        room.join("bob")
    }

    var all: [HotPath] { [echo, turn, dropped, passed] }

    private var echo: HotPath {
        let payload = #"{"text":"\#(String(repeating: "Hello, agent. ", count: 20))"}"#
        return HotPath(name: "RPC call in, echo, logged", operations: 100) { count in
            for _ in 0..<count {
                service.clock.advance(milliseconds: Self.pause)
                guard try await call("echo", payload) == payload else { throw HotPathFailure("another echo") }
                await service.journal.settle()
            }
        }
    }

    private var turn: HotPath {
        HotPath(name: "turn, started and ended by RPC", operations: 50) { count in
            for _ in 0..<count {
                service.clock.advance(milliseconds: Self.pause)
                try await startTurn()
                try await endTurn()
            }
        }
    }

    private var dropped: HotPath {
        HotPath(name: "20 ms of sound at a shut gate", operations: 10_000) { count in
            for _ in 0..<count { hear() }
        }
    }

    /// Taken away by one reader, half a second at a time. The turn begins with the first frame, and goes on.
    private var passed: HotPath {
        HotPath(name: "20 ms of sound at an open gate", operations: 10_000) { count in
            if turns.reader == nil {
                try await startTurn()
                turns.reader = try await service.supervisor.readAudio(session, participant: "alice")
            }
            for _ in 0..<count / 25 {
                for _ in 0..<25 { hear() }
                guard await turns.reader?.next()?.count == 25 else { throw HotPathFailure("frames were lost") }
            }
        }
    }

    private func hear() {
        service.clock.advance(milliseconds: 20)
        sink(frame)
    }

    private func startTurn() async throws {
        turns.epoch += 1
        try await order("start_turn", "")
    }

    private func endTurn() async throws { try await order("end_turn", #"{"epoch":\#(turns.epoch)}"#) }

    /// Alice calls a built-in method, which does as she says. Returns when that is written down: else what
    /// is written in one transaction would be a matter of chance.
    private func order(_ method: String, _ payload: String) async throws {
        let answer = try await call(method, payload)
        guard answer.contains(#""success":true"#) else { throw HotPathFailure("\(method): \(answer)") }
        await service.journal.settle()
    }

    /// Returns when the call is in the journal: the caller has its answer before, and whether the session or
    /// this goes on first would be a matter of chance. The session answers nothing else in between.
    private func call(_ method: String, _ payload: String) async throws -> String {
        let handle = connection.invoke(method, by: "alice", payload: payload)
        let answer = try await connection.awaitAnswer(to: handle).get()
        _ = try await service.supervisor.methods(session)
        return answer
    }

    @Driver private final class Turns {
        /// The number of the last one.
        var epoch = 0
        /// Of the one that goes on.
        var reader: (any AudioReading)?
    }
}
