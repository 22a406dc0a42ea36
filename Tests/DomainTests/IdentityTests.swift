import Domain
import Foundation
import Testing

/// Two identities that look alike, and are two to LiveKit.
struct IdentityTests {
    private static let composed = "caf\u{E9}"
    private static let decomposed = "cafe\u{301}"
    private static let start = Timestamp(microseconds: 1_795_348_800_000_000)

    @Test func identities_areTheSame_byteByByte() {
        #expect(Self.composed == Self.decomposed)
        #expect(!Self.composed.isIdentity(Self.decomposed) && !Self.composed.isIdentity(nil))
        #expect(Self.composed.isIdentity("caf\u{E9}"))
    }

    @Test func aCallerWhoLooksLikeANamedOne_mayNotCall() {
        let allowed = AllowedCallers(identities: [Self.composed])
        #expect(allowed.includes(identity: Self.composed, kind: .standard, hasFloor: false))
        #expect(!allowed.includes(identity: Self.decomposed, kind: .standard, hasFloor: false))
    }

    @Test func theGate_isOpenForTheHolderAlone() {
        var policy = TurnPolicy()
        policy.mode = .manual
        var rules = GateRules(policy: policy, at: Self.start)
        rules.entered(.listening, at: Self.start)
        #expect(rules.gate(of: Self.composed, holder: Self.composed, hasTrack: true).isOpen)
        #expect(rules.gate(of: Self.decomposed, holder: Self.composed, hasTrack: true).reason == .notHolder)
    }

    @Test func whoLooksLikeTheHolder_hasNotItsTurn_andEndsItNot() throws {
        var machine = TurnMachine(sessionID: SessionID(at: Self.start))
        let id = TurnID(at: Self.start)
        func request(_ identity: String) -> TurnRequest { TurnRequest(participant: identity, queue: false) }
        _ = try machine.start(
            request(Self.composed), by: .participant(Self.composed), id: id, at: Self.start
        ).get()
        let before = machine
        #expect(throws: TurnRefusalError.self) {
            try machine.start(
                request(Self.decomposed), by: .participant(Self.decomposed), id: TurnID(at: Self.start),
                at: Self.start
            ).get()
        }
        #expect(throws: TurnRefusalError(.notHolder(holder: Self.composed))) {
            try machine.end(TurnReference(id: id), by: .participant(Self.decomposed), cancelling: false).get()
        }
        #expect(machine.left(Self.decomposed).isEmpty && machine == before)
        _ = try machine.end(TurnReference(id: id), by: .participant(Self.composed), cancelling: false).get()
    }
}
