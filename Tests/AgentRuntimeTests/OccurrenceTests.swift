import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// What happens in the room, told among the events.
struct OccurrenceTests {
    @Test func whoComesAndGoes_isTold_agentsToo() async throws {
        let bench = Bench()
        bench.room.join("alice")
        let session = try await bench.activeSession()
        bench.room.join("other-agent", kind: .agent)
        bench.room.leave("alice")
        #expect(await eventually { bench.people == ["+alice", "+other-agent", "-alice"] })
        let first = bench.journal.entries.firstIndex { if case .occurrence = $0 { true } else { false } }
        let active = bench.journal.entries.firstIndex {
            if case .session(let progress) = $0 { progress.status == .active } else { false }
        }
        #expect(try #require(active) < #require(first))
        _ = try await bench.supervisor.end(session.id, actor: nil)
        #expect(bench.people == ["+alice", "+other-agent", "-alice"])
    }

    @Test func aReconnect_inWhichEverybodyLeavesAndComesAgain_tellsNothing() async throws {
        let bench = Bench()
        bench.room.join("alice")
        bench.room.join("bob")
        let session = try await bench.activeSession()
        #expect(await eventually { bench.people.count == 2 })
        let connection = try #require(bench.room.current)
        connection.emit(.reconnecting)
        for participant in bench.room.participants { connection.emit(.participantLeft(participant)) }
        for participant in bench.room.participants { connection.emit(.participantJoined(participant)) }
        connection.emit(.reconnected)
        #expect(try await eventually { try await bench.status(session.id) == .active })
        bench.room.join("carol")
        #expect(await eventually { bench.people == ["+alice", "+bob", "+carol"] })
    }

    @Test func whoWentOrCame_duringAReconnect_isToldWhenItIsOver() async throws {
        let bench = Bench()
        bench.room.join("alice")
        bench.room.join("bob")
        let session = try await bench.activeSession()
        #expect(await eventually { bench.people.count == 2 })
        let connection = try #require(bench.room.current)
        connection.emit(.reconnecting)
        #expect(try await eventually { try await bench.status(session.id) == .reconnecting })
        bench.room.leave("alice")
        bench.room.join("carol")
        #expect(bench.people == ["+alice", "+bob"])
        connection.emit(.reconnected)
        #expect(await eventually { bench.people == ["+alice", "+bob", "-alice", "+carol"] })
    }

    @Test func aRejoin_overAnotherConnection_tellsOnlyWhatChanged() async throws {
        let bench = Bench()
        bench.room.join("alice")
        bench.room.join("bob")
        let session = try await bench.activeSession()
        #expect(await eventually { bench.people.count == 2 })
        let gate = FakeGate()
        bench.room.holdJoins(at: gate)
        bench.room.current?.emit(.disconnected(.connectionLost))
        #expect(await eventually { gate.arrivals == 1 })
        bench.room.leave("bob")
        bench.room.holdJoins(at: nil)
        gate.open()
        #expect(try await eventually { try await bench.status(session.id) == .active })
        bench.room.join("carol")
        #expect(await eventually { bench.people == ["+alice", "+bob", "-bob", "+carol"] })
    }

    @Test func aNewPresence_ofTheSameIdentity_isAnEndAndABeginning() async throws {
        let bench = Bench()
        bench.room.join("alice")
        _ = try await bench.activeSession()
        #expect(await eventually { bench.people == ["+alice"] })
        let connection = try #require(bench.room.current)
        let old = try #require(bench.room.participants.first)
        var new = old
        new.sid = "PA_new"
        connection.emit(.participantJoined(new))
        connection.emit(.participantLeft(old))
        connection.emit(.participantJoined(new))
        bench.room.join("last")
        #expect(await eventually { bench.people == ["+alice", "-alice", "+alice", "+last"] })
    }

    @Test func gates_areTold_whereTheyChange_andNotOtherwise() async throws {
        let stage = try await Stage()
        #expect(stage.bench.gates.isEmpty)
        let turn = try await stage.start("alice")
        #expect(await eventually { stage.bench.gates == ["alice open turn"] })
        _ = try await stage.supervisor.setAudioInput(
            stage.id, AudioInputChange(enabled: false, participants: ["bob"]), actor: nil)
        _ = try await stage.supervisor.endTurn(stage.id, TurnReference(id: turn.id), actor: nil)
        #expect(await eventually { stage.bench.gates == ["alice open turn", "alice closed no_turn"] })
        let kinds = stage.journal.entries.compactMap { entry in
            switch entry {
            case .turn(let turn): turn.status == .ended ? "ended" : "started"
            case .occurrence(let occurrence): if case .gateChanged = occurrence.kind { "gate" } else { nil }
            default: nil
            }
        }
        #expect(kinds.filter { $0 != "ended" } == ["started", "gate", "gate"])
    }

    @Test func whoLeavesWhileHeard_isHeardNoLonger() async throws {
        let stage = try await Stage { $0.mode = .open }
        #expect(await eventually { Set(stage.bench.gates) == ["alice open policy", "bob open policy"] })
        stage.room.leave("bob")
        #expect(await eventually { stage.bench.gates.last == "bob closed unavailable" })
        _ = try await stage.supervisor.end(stage.id, actor: nil)
        #expect(stage.bench.gates.last == "alice closed unavailable" && stage.bench.gates.count == 4)
    }

    @Test func aSpeech_isTold_whenItBegins_andWhenItIsOver() async throws {
        let stage = try await Stage()
        let done = Task {
            try await stage.supervisor.speak(
                stage.id, ScriptedSource(frames: 10), interrupt: false, wait: .seconds(60), actor: nil)
        }
        #expect(
            await eventually {
                stage.clock.advance(by: .milliseconds(20))
                return stage.bench.speeches.count == 2
            })
        let speech = try await done.value
        #expect(stage.bench.speeches.map(\.id) == [speech.id, speech.id])
        #expect(stage.bench.speeches.map(\.status) == [.playing, .completed])
        #expect(stage.bench.speeches.last?.playedMs == 200)
    }

    @Test func aSpeechThatNeverBegan_isToldAsOver() async throws {
        let stage = try await Stage()
        let source = ScriptedSource()
        let upload = Task {
            try await stage.supervisor.speak(stage.id, source, interrupt: false, wait: .zero, actor: nil)
        }
        source.give(frames: 1)
        #expect(await eventually { source.taken == 1 })
        source.fail()
        await #expect(throws: ScriptedSource.Broken.self) { _ = try await upload.value }
        #expect(stage.bench.speeches.map(\.status) == [.failed])
    }

    @Test func aFullJournal_losesWhatIsTold_andNothingElse() async throws {
        let bench = Bench()
        _ = try await bench.activeSession()
        bench.journal.beFull(true)
        bench.room.join("alice")
        #expect(await eventually { bench.metrics.text(.prometheus).contains("turngate_journal_lost_entries_total 1") })
        bench.journal.beFull(false)
        bench.room.leave("alice")
        #expect(await eventually { bench.people == ["-alice"] })
    }
}

extension Bench {
    /// Who came and went, in order: `+alice`, `-alice`.
    var people: [String] {
        journal.occurrences.compactMap { kind in
            switch kind {
            case .participantJoined(let participant): "+\(participant.identity)"
            case .participantLeft(let participant): "-\(participant.identity)"
            default: nil
            }
        }
    }

    /// What gates did, in order: `alice open turn`.
    var gates: [String] {
        journal.occurrences.compactMap { kind in
            guard case .gateChanged(let gate) = kind else { return nil }
            return "\(gate.identity) \(gate.isOpen ? "open" : "closed") \(gate.reason.rawValue)"
        }
    }

    /// Speeches as they were told, in order.
    var speeches: [Speech] {
        journal.occurrences.compactMap { kind in
            switch kind {
            case .speechStarted(let speech), .speechEnded(let speech): speech
            default: nil
            }
        }
    }
}
