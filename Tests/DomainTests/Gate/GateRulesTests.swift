import Domain
import Testing

/// Hand, policy and floor put together.
struct GateRulesTests {
    private static let start = Timestamp(microseconds: 1_795_348_800_000_000)
    private func at(_ seconds: Int) -> Timestamp { Self.start + .seconds(seconds) }

    /// The rules of an agent that listens.
    private func rules(_ mode: TurnPolicy.Mode = .manual) -> GateRules {
        var policy = TurnPolicy()
        policy.mode = mode
        var rules = GateRules(policy: policy, at: Self.start)
        rules.entered(.listening, at: at(1))
        return rules
    }

    private func gate(_ rules: GateRules, holder: String? = nil, hasTrack: Bool = true) -> (Bool, GateReason) {
        let gate = rules.gate(of: "alice", holder: holder, hasTrack: hasTrack)
        #expect(gate.identity == "alice")
        return (gate.isOpen, gate.reason)
    }

    @Test func beforeThePolicysFirstWord_theFloorOpens_andWithoutOneNobodyIsHeard() {
        let manual = GateRules(policy: TurnPolicy(), at: Self.start)
        #expect(gate(manual, holder: "alice") == (true, .turn) && gate(manual) == (false, .noTurn))
        var policy = TurnPolicy()
        policy.mode = .open
        #expect(GateRules(policy: policy, at: Self.start).input.enabled == false)
        policy.closeAudioOn = [.initializing]
        policy.mode = .manual
        #expect(GateRules(policy: policy, at: Self.start).input.enabled == false)
        policy.closeAudioOn = []
        policy.mode = .open
        policy.openAudioOn = [.initializing]
        #expect(GateRules(policy: policy, at: Self.start).input.enabled)
    }

    /// Every combination of track, hand (session and participant), state, mode and
    /// floor: the most specific reason wins.
    @Test(arguments: [true, false], [true, false])
    func everyCombination_hasTheMostSpecificReason(hasTrack: Bool, listens: Bool) {
        for mode in [TurnPolicy.Mode.manual, .open] {
            for (all, one) in [(false, false), (true, false), (false, true), (true, true)] {
                for holder in [nil, "alice", "bob"] as [String?] {
                    var rules = rules(mode)
                    rules.entered(listens ? .listening : .speaking, at: at(2))
                    if all { rules.set(AudioInputChange(enabled: false), at: at(3)) }
                    if one { rules.set(AudioInputChange(enabled: false, participants: ["alice"]), at: at(3)) }
                    let expected: (Bool, GateReason) =
                        if !hasTrack {
                            (false, .unavailable)
                        } else if all || one {
                            (false, .api)
                        } else if !listens {
                            (false, .policy)
                        } else if mode == .open {
                            (true, .policy)
                        } else if let holder {
                            holder == "alice" ? (true, .turn) : (false, .notHolder)
                        } else {
                            (false, .noTurn)
                        }
                    #expect(gate(rules, holder: holder, hasTrack: hasTrack) == expected)
                }
            }
        }
    }

    @Test func aStateThatNoListNames_leavesTheGateAsItWas() {
        var policy = TurnPolicy()
        policy.mode = .open
        policy.openAudioOn = [.listening]
        policy.closeAudioOn = [.speaking]
        var rules = GateRules(policy: policy, at: Self.start)
        for (state, isOpen) in [
            (AgentState.idle, false), (.listening, true), (.thinking, true), (.speaking, false), (.thinking, false),
            (.idle, false), (.listening, true), (.idle, true),
        ] {
            rules.entered(state, at: at(1))
            #expect(rules.input.enabled == isOpen && rules.input.reason == .policy)
        }
    }

    @Test func since_movesOnlyWhenSomethingChanges_andNeverBackwards() {
        var rules = rules(.open)
        #expect(rules.input.since == at(1))
        rules.entered(.idle, at: at(5))
        #expect(rules.input.since == at(1))
        rules.entered(.thinking, at: at(6))
        #expect(rules.input.since == at(6))
        rules.entered(.speaking, at: at(7))
        #expect(rules.input.since == at(6))
        rules.entered(.listening, at: at(2))
        #expect(rules.input.since == at(6) && rules.input.enabled)
        // One participant's gate is not the session's.
        rules.set(AudioInputChange(enabled: false, participants: ["alice"]), at: at(9))
        #expect(rules.input.since == at(6))
    }

    @Test func shutByHand_staysShut_whateverThePolicySays_untilAHandLiftsIt() {
        var rules = rules()
        rules.set(AudioInputChange(enabled: false, note: "hold music"), at: at(2))
        #expect(rules.input == AudioInput(enabled: false, reason: .api, note: "hold music", since: at(2)))
        for state in [AgentState.thinking, .listening] { rules.entered(state, at: at(3)) }
        #expect(gate(rules, holder: "alice") == (false, .api))
        rules.follow(TurnPolicy(), in: .listening, at: at(4))
        #expect(rules.input.enabled == false && rules.input.since == at(2))
        rules.set(AudioInputChange(enabled: true), at: at(5))
        #expect(rules.input == AudioInput(enabled: true, reason: .policy, since: at(5)))
        #expect(gate(rules, holder: "alice") == (true, .turn))
    }

    @Test func openedByHand_againstTheState_holdsUntilThePolicysNextWord() {
        var rules = rules()
        rules.entered(.speaking, at: at(2))
        rules.set(AudioInputChange(enabled: true, note: "barge in"), at: at(3))
        #expect(rules.input == AudioInput(enabled: true, reason: .api, note: "barge in", since: at(3)))
        #expect(gate(rules, holder: "alice") == (true, .turn))
        // The floor stays: nobody else is heard by it.
        #expect(gate(rules, holder: "bob") == (false, .notHolder))
        rules.entered(.thinking, at: at(4))
        #expect(rules.input == AudioInput(enabled: false, reason: .policy, since: at(4)))
    }

    @Test func openedByHand_endsWithAPolicyThatOpensToo() {
        var rules = rules()
        rules.entered(.thinking, at: at(2))
        rules.set(AudioInputChange(enabled: true, note: "n"), at: at(3))
        rules.entered(.listening, at: at(4))
        #expect(rules.input == AudioInput(enabled: true, reason: .policy, since: at(4)))
    }

    @Test func oneParticipantByHand_isShutAlone_andLiftedAlone() {
        var rules = rules(.open)
        rules.set(AudioInputChange(enabled: false, participants: ["alice"], note: "noise"), at: at(2))
        #expect(gate(rules) == (false, .api))
        #expect(rules.gate(of: "bob", holder: nil, hasTrack: true).isOpen)
        #expect(rules.input.enabled && rules.hands["alice"]?.note == "noise")
        rules.set(AudioInputChange(enabled: true, participants: ["alice"]), at: at(3))
        #expect(gate(rules) == (true, .policy))
    }

    @Test func openingOneParticipant_doesNotLiftTheSessionsHand_norOpenAgainstTheState() {
        var rules = rules(.open)
        rules.set(AudioInputChange(enabled: false), at: at(2))
        rules.set(AudioInputChange(enabled: true, participants: ["alice"]), at: at(3))
        #expect(gate(rules) == (false, .api))
        rules.set(AudioInputChange(enabled: true), at: at(4))
        rules.entered(.speaking, at: at(5))
        rules.set(AudioInputChange(enabled: true, participants: ["alice"]), at: at(6))
        #expect(gate(rules) == (false, .policy))
    }

    @Test func openingTheSession_liftsEveryHand() {
        var rules = rules(.open)
        rules.set(AudioInputChange(enabled: false, participants: ["alice", "bob"]), at: at(2))
        rules.set(AudioInputChange(enabled: true), at: at(3))
        #expect(rules.hands.isEmpty && gate(rules) == (true, .policy))
    }

    @Test func whoLeaves_takesItsHandAlong() {
        var rules = rules(.open)
        rules.set(AudioInputChange(enabled: false, participants: ["alice"]), at: at(2))
        rules.left("alice")
        #expect(gate(rules) == (true, .policy))
    }

    @Test func anotherPolicy_countsFromThePresentState() {
        var rules = rules()
        var policy = TurnPolicy()
        policy.closeAudioOn = [.listening]
        policy.openAudioOn = []
        rules.follow(policy, in: .listening, at: at(2))
        #expect(gate(rules, holder: "alice") == (false, .policy))
        policy.mode = .open
        policy.closeAudioOn = []
        policy.openAudioOn = [.listening]
        rules.follow(policy, in: .listening, at: at(3))
        #expect(gate(rules) == (true, .policy) && rules.policy.mode == .open)
    }
}
