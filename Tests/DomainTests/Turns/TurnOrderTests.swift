import Domain
import Testing

/// Two turns' calls in every order, against a model of six lines.
struct TurnOrderTests {
    enum Call: CaseIterable { case startA, endA, cancelA, startB, endB, cancelB }
    enum Naming: CaseIterable { case byID, byEpoch, byBoth }

    private static func orders<Value>(of values: [Value]) -> [[Value]] {
        guard values.count > 1 else { return [values] }
        return values.indices.flatMap { place in
            var rest = values
            let first = rest.remove(at: place)
            return orders(of: rest).map { [first] + $0 }
        }
    }

    /// The machine with the two turns' names for a call that comes too early.
    private struct Run {
        var desk = Desk()
        var turns: [String: Turn] = [:]
        let naming: Naming

        init(_ naming: Naming) { self.naming = naming }

        func reference(_ who: String) -> TurnReference {
            // Before its start a turn has no name: one of its own, never used.
            guard let turn = turns[who] else {
                let id = TurnID(at: Desk.time)
                switch naming {
                case .byID: return TurnReference(id: id)
                case .byEpoch: return TurnReference(epoch: 99)
                case .byBoth: return TurnReference(id: id, epoch: 99)
                }
            }
            switch naming {
            case .byID: return turn.byID
            case .byEpoch: return turn.byEpoch
            case .byBoth: return turn.byBoth
            }
        }

        mutating func start(_ who: String) {
            let present = desk.machine.current
            let before = desk.machine
            let answer = desk.start(who)
            if let present {
                #expect(answer.refusal == .floorTaken(holder: present.holder, turn: present.id, epoch: present.epoch))
                #expect(desk.machine == before)
            } else {
                turns[who] = answer.turn
                #expect(answer.turn != nil && desk.machine.current == answer.turn)
            }
        }

        mutating func end(_ who: String, cancelling: Bool) {
            let present = desk.machine.current
            let before = desk.machine
            let answer = desk.end(reference(who), by: who, cancelling: cancelling)
            if let present, present.id == turns[who]?.id {
                #expect(answer.refusal == nil)
                #expect(cancelling || present.status == .active || desk.machine == before)
            } else {
                #expect(answer.refusal == .staleTurn(current: present?.id, epoch: present?.epoch))
                #expect(desk.machine == before)
            }
        }

        mutating func take(_ call: Call) {
            switch call {
            case .startA: start("a")
            case .startB: start("b")
            case .endA: end("a", cancelling: false)
            case .endB: end("b", cancelling: false)
            case .cancelA: end("a", cancelling: true)
            case .cancelB: end("b", cancelling: true)
            }
        }
    }

    @Test(arguments: Naming.allCases)
    func everyOrderOfTwoTurnsCalls_staleOnesChangeNothing_andTellThePresentTurn(naming: Naming) {
        for order in Self.orders(of: Call.allCases) {
            var run = Run(naming)
            for call in order { run.take(call) }
            let firstEnding = { (who: String, calls: [Call]) -> Turn.EndReason? in
                guard let turn = run.turns[who] else { return nil }
                return run.desk.ended.first { $0.id == turn.id }?.endReason
            }
            #expect(run.desk.started.map(\.epoch) == (0..<run.desk.started.count).map { Int64($0 + 1) })
            #expect(Set(run.desk.ended.map(\.id)).count == run.desk.ended.count)
            for (who, calls) in [("a", [Call.startA, .endA, .cancelA]), ("b", [.startB, .endB, .cancelB])] {
                guard let start = order.firstIndex(of: calls[0]), run.turns[who] != nil else { continue }
                // The first of its own calls after its start decides.
                let decided = order[start...].first { $0 == calls[1] || $0 == calls[2] }
                let expected: Turn.EndReason? = decided.map { $0 == calls[1] ? .endTurn : .cancelTurn }
                #expect(firstEnding(who, calls) == expected, "\(order)")
            }
        }
    }

    /// The last words of a turn come in only after the next call, and after
    /// the one after that.
    @Test(arguments: Naming.allCases, [1, 2])
    func everyOrder_withLateLastWords_hasOneHolderAndOneOutcomePerTurn(naming: Naming, delay: Int) {
        for order in Self.orders(of: Call.allCases) {
            var run = Run(naming)
            run.desk.shutsAtOnce = false
            var due: [(at: Int, turn: TurnID)] = []
            for (place, call) in order.enumerated() {
                let shut = run.desk.shutTurns.count
                run.take(call)
                due += run.desk.shutTurns.dropFirst(shut).map { (place + delay, $0.id) }
                for (_, turn) in due.filter({ $0.at <= place }) { run.desk.complete(turn) }
                due.removeAll { $0.at <= place }
            }
            for (_, turn) in due { run.desk.complete(turn) }
            #expect(Set(run.desk.ended.map(\.id)).count == run.desk.ended.count)
            #expect(run.desk.machine.current?.status != .ending)
        }
    }
}
