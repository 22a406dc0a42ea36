import Domain
import Testing

struct AgentStateMachineTests {
    private let time = Timestamp(microseconds: 1_795_348_800_000_000)

    @Test func everyPairOfStates_isAStepExceptBackToInitializing_andToItself() {
        for old in AgentState.allCases {
            for new in AgentState.allCases {
                var machine = AgentStateMachine(sessionID: SessionID(at: time), at: time)
                _ = machine.step(to: old, cause: .api, at: time)
                let before = machine
                let step = machine.step(to: new, cause: .api, actor: "k", reason: "r", at: time + .seconds(1))
                if old == new {
                    #expect(step == .unchanged && machine == before)
                } else if new == .initializing {
                    #expect(step == .illegal && machine == before)
                } else {
                    #expect(step == .moved(machine.current))
                    #expect(machine.current.seq == before.current.seq + 1)
                    #expect(machine.current.oldState == old && machine.state == new)
                }
            }
        }
    }

    @Test(arguments: [
        (AgentState.speaking, AgentState.listening, TransitionCause.playout, true),
        (.thinking, .listening, .policy, true), (.initializing, .listening, .policy, false),
        (.idle, .listening, .policy, false), (.idle, .listening, .api, true), (.initializing, .listening, .rpc, true),
        (.listening, .thinking, .api, false), (.thinking, .speaking, .api, false),
    ])
    func notification_isForStatesOfThePolicy_afterThinkingOrSpeakingOrACall(
        old: AgentState, new: AgentState, cause: TransitionCause, expected: Bool
    ) {
        let row = AgentStateTransition(
            sessionID: SessionID(at: time), seq: 2, oldState: old, newState: new, at: time, cause: cause)
        #expect(row.callsForNotification(by: TurnPolicy()) == expected)
        var silent = TurnPolicy()
        silent.notifyOn = []
        #expect(!row.callsForNotification(by: silent))
    }
}
