import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentRuntime

/// A session in a room with people who have microphones, and whom a test has
/// take turns.
struct Stage {
    let bench: Bench
    let id: SessionID
    /// Who was told that it is its turn, with the payload, in order.
    let told = Told()
    private let numbers = Counters()

    /// `lag` is how far audio lags behind calls; the watchdog sleeps unless
    /// `limits` wakes it.
    init(
        people: [String] = ["alice", "bob"], lag: Duration = .zero, limits: RuntimeLimits = Stage.limits,
        _ change: (inout TurnPolicy) -> Void = { _ in }
    ) async throws {
        bench = Bench(limits: limits)
        bench.room.setAudioLag(lag)
        for name in people {
            bench.room.join(name, methods: ["your_turn_to_speak": told.method(of: name)])
            bench.room.setAudio(of: name, to: AudioPublication(trackSid: "TR_\(name)", name: "mic", muted: false))
        }
        var spec = SessionSpec(room: "support", maxDuration: nil, emptyTimeout: nil)
        change(&spec.turnPolicy)
        id = try await bench.activeSession(spec).id
        let connection = bench.room.current
        let clock = bench.clock
        #expect(await eventually { people.allSatisfy { connection?.isReceiving("TR_\($0)") == true } })
        #expect(await eventually { clock.sleeperCount == Bench.idleSleepers })
    }

    /// Limits under which the watchdog does not look.
    static var limits: RuntimeLimits {
        var limits = RuntimeLimits()
        limits.watchInterval = .seconds(1_000_000)
        return limits
    }

    var room: FakeRoom { bench.room }
    var clock: ManualClock { bench.clock }
    var journal: ScriptedJournal { bench.journal }
    var supervisor: SessionSupervisor { bench.supervisor }
    var connection: FakeRoomConnection {
        get throws { try #require(bench.room.current) }
    }

    func session() async throws -> Session { try await supervisor.session(id) }

    /// Waits until the session is shown as `condition` wants it.
    func shows(_ condition: @escaping @Sendable (Session) -> Bool) async throws -> Bool {
        try await eventually(within: .seconds(10)) { condition(try await supervisor.session(id)) }
    }

    // MARK: Sound

    /// The next frames of a participant arrive, 20 ms apart; they are loud.
    func say(_ count: Int, as name: String = "alice", on sid: String? = nil) throws {
        let connection = try connection
        for _ in 0..<count {
            clock.advance(by: AudioFrame.duration)
            connection.hear(AudioFrame(number: 1000 + numbers.next(name)), on: sid ?? "TR_\(name)")
        }
    }

    /// Publishes, mutes, or (nil) takes a microphone away.
    func microphone(of name: String, sid: String?, muted: Bool = false) {
        room.setAudio(of: name, to: sid.map { AudioPublication(trackSid: $0, name: "mic", muted: muted) })
    }

    // MARK: Calls

    /// A participant calls a built-in method; the answer's text.
    func text(_ method: String, by caller: String, _ payload: String = "") async throws -> String {
        let connection = try connection
        let handle = connection.invoke(method, by: caller, payload: payload)
        #expect(await eventually(within: .seconds(10)) { connection.answer(to: handle) != nil })
        return try #require(try connection.answer(to: handle)?.get())
    }

    /// A participant calls a built-in method.
    func call(_ method: String, by caller: String = "alice", _ payload: String = "") async throws -> Answer {
        try JSONDecoder().decode(Answer.self, from: Data(try await text(method, by: caller, payload).utf8))
    }

    /// Takes the floor over RPC; fails the test where that is refused.
    @discardableResult
    func start(_ name: String = "alice") async throws -> Turn {
        let answer = try await call("start_turn", by: name)
        #expect(answer.success, "\(answer)")
        return try #require(try await session().turn)
    }

    /// The last turn in the journal with an outcome, once there is one for `turn`.
    func ended(_ turn: TurnID) async throws -> Turn {
        #expect(
            await eventually(within: .seconds(10)) {
                journal.turns.contains { $0.id == turn && $0.status == .ended }
            })
        return try #require(journal.turns.last { $0.id == turn })
    }
}

/// The answer of a built-in method.
struct Answer: Decodable {
    var success: Bool
    var code: String?
    var error: String?
    var holder: String?
    var turnID: String?
    var epoch: Int64?
    var result: Result?

    struct Result: Decodable {
        var turnID: String?
        var epoch: Int64?
        var holder: String?
        var status: String?
        var outcome: String?
        var preRollMs: Int64?
        var audioMs: Int64?
        var speechMs: Int64?
        var alreadyStarted: Bool?
        var queued: Bool?
        var place: Int?
        var leftQueue: Bool?

        enum CodingKeys: String, CodingKey {
            case epoch, holder, status, outcome, queued, place
            case turnID = "turn_id"
            case preRollMs = "pre_roll_ms"
            case audioMs = "audio_ms"
            case speechMs = "speech_ms"
            case alreadyStarted = "already_started"
            case leftQueue = "left_queue"
        }
    }

    enum CodingKeys: String, CodingKey { case success, code, error, holder, epoch, result, turnID = "turn_id" }
}

/// Remembers who was told, and what.
final class Told: Sendable {
    private let calls = Mutex<[(name: String, payload: String)]>([])

    var names: [String] { calls.withLock { $0.map(\.name) } }
    var payloads: [String] { calls.withLock { $0.map(\.payload) } }

    func method(of name: String) -> FakeRoom.PeerMethod {
        { [self] payload throws(RPCError) in
            calls.withLock { $0.append((name, payload)) }
            return "ok"
        }
    }
}

/// Counts for everybody.
final class Counters: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func next(_ name: String) -> Int {
        counts.withLock { counts in
            counts[name, default: 0] += 1
            return counts[name, default: 0]
        }
    }
}
