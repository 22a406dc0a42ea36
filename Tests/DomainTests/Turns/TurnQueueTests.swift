import Domain
import Testing

/// Who waits for the floor, and how it is handed on.
struct TurnQueueTests {
    /// Alice has the floor, `names` wait.
    private func desk(_ names: String..., limit: Int = 100) -> Desk {
        var desk = Desk(queueLimit: limit)
        desk.start("alice")
        for name in names { desk.start(name, queue: true) }
        return desk
    }

    @Test func waiting_isFirstComeFirstServed_withThePlace() throws {
        var desk = desk()
        for (place, name) in ["bob", "carol", "dave"].enumerated() {
            let answer = try desk.start(name, queue: true).get()
            #expect(answer == .queued(participant: name, place: place + 1, holder: "alice"))
        }
        #expect(desk.machine.floor == Floor(holder: "alice", queue: ["bob", "carol", "dave"]))
    }

    @Test func waitingAgain_keepsThePlace() throws {
        var desk = desk("bob", "carol")
        #expect(try desk.start("bob", queue: true).get() == .queued(participant: "bob", place: 1, holder: "alice"))
        #expect(desk.machine.queue == ["bob", "carol"])
        // Asking without the wish to wait is refused, and keeps the place too.
        #expect(desk.start("bob").refusal != nil)
        #expect(desk.machine.queue == ["bob", "carol"])
    }

    @Test func aFullQueue_refuses_butNotWhoWaitsAlready() throws {
        var desk = desk("bob", "carol", limit: 2)
        #expect(desk.start("dave", queue: true).refusal == .queueFull(limit: 2))
        #expect(try desk.start("carol", queue: true).get() == .queued(participant: "carol", place: 2, holder: "alice"))
        #expect(desk.machine.queue == ["bob", "carol"])
    }

    @Test func theFreeFloor_isKeptForTheFirst_whoTakesIt() throws {
        var desk = desk("bob", "carol")
        desk.end(desk.started[0].byID, by: "alice")
        #expect(desk.machine.floor == Floor(offeredTo: "bob", queue: ["carol"]))
        #expect(desk.actions.last == .offer("bob", number: 1))
        #expect(desk.start("carol").refusal == .floorTaken(holder: "bob", turn: nil, epoch: nil))
        #expect(desk.start("alice").refusal == .floorTaken(holder: "bob", turn: nil, epoch: nil))
        #expect(desk.start("bob").turn?.epoch == 2)
        #expect(desk.machine.floor == Floor(holder: "bob", queue: ["carol"]))
        // The time of an offer that was taken is nobody's business any more.
        let before = desk.machine
        desk.offerExpired(1)
        #expect(desk.machine == before)
    }

    @Test func anOfferNotTaken_goesToTheNext_andTheLastLeavesTheFloorFree() {
        var desk = desk("bob", "carol")
        desk.end(desk.started[0].byID, by: "alice")
        desk.offerExpired(1)
        #expect(desk.machine.floor == Floor(offeredTo: "carol"))
        desk.offerExpired(1)
        #expect(desk.machine.floor == Floor(offeredTo: "carol"))
        desk.offerExpired(2)
        #expect(desk.machine.floor == Floor())
        #expect(desk.offers == ["bob", "carol"])
        #expect(desk.start("dave").turn?.holder == "dave")
    }

    @Test func whoWaitsAndLeaves_losesItsPlace_alsoWhileTheFloorIsKeptForIt() {
        var desk = desk("bob", "carol", "dave")
        desk.left("carol")
        #expect(desk.machine.queue == ["bob", "dave"])
        desk.end(desk.started[0].byID, by: "alice")
        desk.left("bob")
        #expect(desk.machine.floor == Floor(offeredTo: "dave"))
        desk.left("dave")
        #expect(desk.machine.floor == Floor())
    }

    @Test func leavingTheQueue_saysWhetherOneWaited() {
        var desk = desk("bob")
        #expect(desk.machine.leaveQueue("bob").value)
        #expect(!desk.machine.leaveQueue("bob").value)
        #expect(!desk.machine.leaveQueue("alice").value)
        #expect(desk.machine.current?.holder == "alice")
    }

    @Test func theHolderLeaving_handsTheFloorOn() {
        var desk = desk("bob")
        desk.left("alice")
        #expect(desk.ended.map(\.outcome) == [.holderLeft])
        #expect(desk.machine.floor == Floor(offeredTo: "bob"))
    }

    @Test func waitingWhileTheFloorIsKept_namesWhoItIsKeptFor() throws {
        var desk = desk("bob")
        desk.end(desk.started[0].byID, by: "alice")
        #expect(try desk.start("carol", queue: true).get() == .queued(participant: "carol", place: 1, holder: "bob"))
    }

    @Test func aPreemption_overAnOffer_doesNotCostTheOtherItsPlace() throws {
        var desk = desk("bob", "carol")
        desk.end(desk.started[0].byID, by: "alice")
        let turn = try #require(desk.start("zoe", preempt: true, key: "ops").turn)
        #expect(desk.machine.floor == Floor(holder: "zoe", queue: ["bob", "carol"]))
        let before = desk.machine
        desk.offerExpired(1)
        #expect(desk.machine == before)
        desk.end(turn.byID, by: nil)
        #expect(desk.machine.floor == Floor(offeredTo: "bob", queue: ["carol"]))
    }

    @Test func whoIsGivenTheFloorWhileWaiting_waitsNoMore() {
        var desk = desk("bob", "carol")
        desk.start("carol", preempt: true, key: "ops")
        #expect(desk.machine.floor == Floor(holder: "carol", queue: ["bob"]))
    }

    @Test func aClearedQueue_isOfferedNothing() {
        var desk = desk("bob")
        desk.machine.clearQueue()
        desk.end(because: .sessionEnded)
        #expect(desk.machine.floor == Floor() && desk.offers.isEmpty)
    }
}
