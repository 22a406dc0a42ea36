import Domain
import Testing

struct InvocationQueueTests {
    @Test func aCall_goesToThePollerWhoWaits_andItsAnswerToTheCaller() throws {
        var shop = Shop()
        #expect(try shop.poll(1, wait: 5) == [])
        let call = shop.call("get_order", by: "alice", within: 10)
        let (poller, leased) = try #require(shop.handed.first)
        #expect(poller == 1 && leased.map(\.invocation.id) == [call] && leased[0].attempt == 1)
        #expect(leased[0].leaseExpiresAt == Shop.epoch + .seconds(5))
        try shop.answer(call, "7")
        #expect(shop.settled[call] == .success(#"{"success":true,"result":7}"#))
        #expect(shop.queue.count == 0 && shop.queue.nextMoment == nil)
    }

    @Test func calls_areHandedOut_oldestFirst_byMethod_asManyAsAreWanted() throws {
        var shop = Shop()
        let calls = ["a", "b", "a", "a"].map { shop.call($0, within: 10) }
        #expect(try shop.poll(1, method: "a", limit: 2).map(\.invocation.id) == [calls[0], calls[2]])
        #expect(try shop.poll(2, limit: 10).map(\.invocation.id) == [calls[1], calls[3]])
        #expect(try shop.poll(3, limit: 10) == [] && shop.handed.last?.poller == 3)
    }

    @Test func twoPollers_neverHaveOneCall_whoeverCameFirstIsServedFirst() throws {
        var shop = Shop()
        try shop.poll(1, wait: 10)
        try shop.poll(2, wait: 10)
        let first = shop.call("m", within: 20)
        let second = shop.call("m", within: 20)
        #expect(shop.handed.map(\.poller) == [1, 2])
        #expect(shop.handed.map { $0.leased.map(\.invocation.id) } == [[first], [second]])
    }

    @Test func aLease_thatRunsOut_passesTheCallToTheNext_andBothMayAnswer_theFirstCounts() throws {
        var shop = Shop()
        let call = shop.call("m", within: 20)
        try shop.poll(1, lease: 5)
        try shop.poll(2, wait: 30)
        #expect(shop.queue.nextMoment == .seconds(5))
        shop.goOn(to: 5)
        #expect(shop.handed.last?.poller == 2 && shop.handed.last?.leased.first?.attempt == 2)
        try shop.answer(call, "1")
        #expect(throws: TurngateError.conflict(.invocationOver(call))) { try shop.answer(call, "2") }
        #expect(shop.settled[call] == .success(#"{"success":true,"result":1}"#))
    }

    @Test func aLease_thatRanOut_isNothingToWakeUpForAgain_whileOnlyAnotherMethodIsWaitedFor() throws {
        var shop = Shop()
        shop.call("a", within: 20)
        try shop.poll(1, method: "a", lease: 5)
        try shop.poll(2, method: "b", wait: 10)
        #expect(shop.queue.nextMoment == .seconds(5))
        shop.goOn(to: 5)
        #expect(shop.queue.nextMoment == .seconds(10))
        #expect(try shop.poll(3, method: "a").first?.attempt == 2)
    }

    @Test func aLease_endsWithTheCall() throws {
        var shop = Shop()
        let call = shop.call("m", within: 3)
        let leased = try shop.poll(1, lease: 60)
        #expect(leased.first?.leaseExpiresAt == Shop.epoch + .seconds(3))
        #expect(leased.first?.invocation.deadline == Shop.epoch + .seconds(3) && leased.first?.invocation.id == call)
    }

    @Test func withoutPollers_theEndOfALease_isNothingToWakeUpFor() throws {
        var shop = Shop()
        shop.call("m", within: 20)
        try shop.poll(1, lease: 5)
        #expect(shop.queue.nextMoment == .seconds(20))
    }

    @Test func anAnswer_atTheDeadline_isTooLate_justBeforeItIsNot() throws {
        var shop = Shop()
        let late = shop.call("m", within: 10)
        let timely = shop.call("m", within: 10.001)
        shop.clock = .seconds(10)
        #expect(throws: TurngateError.conflict(.invocationOver(late))) { try shop.answer(late, "1") }
        try shop.answer(timely, "1")
        #expect(shop.settled[late] == nil)
        shop.goOn(to: 10)
        #expect(shop.settled[late] == .failure(RPCError(.responseTimeout)))
        #expect(throws: TurngateError.conflict(.invocationOver(late))) { try shop.answer(late, "1") }
        #expect(throws: TurngateError.notFound(.invocation)) { try shop.answer(InvocationID(at: Shop.epoch), "1") }
    }

    @Test func anAnswer_thatIsNoneForItsMethod_leavesTheCallWaiting() throws {
        var shop = Shop()
        let call = shop.call("m", within: 10, envelope: .raw)
        #expect(throws: TurngateError.self) { try shop.answer(call, "7") }
        #expect(shop.settled.isEmpty && shop.queue.count == 1)
        try shop.answer(call, #""text""#)
        #expect(shop.settled[call] == .success("text"))
    }

    @Test func anError_goesToTheCaller() throws {
        var shop = Shop()
        let call = shop.call("m", within: 10)
        let error = RPCError(code: 42, message: "no", data: "x")
        shop.carryOut(try shop.queue.answer(call, with: .error(error), at: .zero))
        #expect(shop.settled[call] == .failure(error))
    }

    @Test func pastTheBound_aCallIsRefused_andThoseBeforeItWait() {
        var shop = Shop(limit: 1000)
        for _ in 0..<1000 { shop.call("m", within: 10) }
        #expect(shop.settled.isEmpty && shop.queue.count == 1000)
        let refused = shop.call("m", within: 10)
        #expect(shop.settled[refused] == .failure(RPCError(.queueFull)))
        // What is due makes room first.
        shop.clock = .seconds(10)
        let taken = shop.call("m", within: 10)
        #expect(shop.settled[taken] == nil && shop.settled.count == 1001 && shop.queue.count == 1)
    }

    @Test func aPollersWait_endsEmpty_andOneWhoLeaves_getsNothing() throws {
        var shop = Shop()
        try shop.poll(1, wait: 5)
        try shop.poll(2, wait: 5)
        shop.queue.pollerLeft(1)
        shop.goOn(to: 5)
        #expect(shop.handed.map(\.poller) == [2] && shop.handed[0].leased.isEmpty)
        #expect(shop.queue.pollerCount == 0)
    }

    @Test func pollersHaveABound_thoseWhoDoNotWaitHaveNone() throws {
        var shop = Shop(pollerLimit: 2)
        try shop.poll(1, wait: 5)
        try shop.poll(2, wait: 5)
        #expect(throws: TurngateError.self) { try shop.poll(3, wait: 5) }
        try shop.poll(4, wait: 0)
        #expect(shop.handed.map(\.poller) == [4])
    }

    @Test func aCallerWhoLeaves_takesItsCallsAlong() throws {
        var shop = Shop()
        let hers = shop.call("m", by: "alice", within: 10)
        let his = shop.call("m", by: "bob", within: 10)
        shop.carryOut(shop.queue.callerLeft("alice"))
        #expect(shop.settled == [hers: .failure(RPCError(.recipientDisconnected))])
        #expect(throws: TurngateError.conflict(.invocationOver(hers))) { try shop.answer(hers, "1") }
        shop.carryOut(shop.queue.callerLeft(nil))
        #expect(shop.settled[his] == .failure(RPCError(.recipientDisconnected)))
    }

    @Test func theEnd_settlesAllCalls_andLetsAllPollersGo_andNothingIsTakenAfterwards() throws {
        var shop = Shop()
        try shop.poll(1, method: "other", wait: 5)
        let call = shop.call("m", within: 10)
        shop.carryOut(shop.queue.close())
        #expect(shop.settled[call] == .failure(RPCError(.sessionOver)))
        #expect(shop.handed.map(\.poller) == [1])
        let late = shop.call("m", within: 10)
        #expect(shop.settled[late] == .failure(RPCError(.sessionOver)))
        #expect(try shop.poll(2, wait: 60) == [] && shop.handed.last?.poller == 2)
        #expect(shop.queue.nextMoment == nil)
    }

    @Test(arguments: 1...20)
    func inAnyOrder_eachCallIsSettledOnce_byItsDeadline_andLeasesNeverOverlap(seed: UInt64) throws {
        var random = Seeded(seed: seed)
        var shop = Shop(limit: 20, pollerLimit: 5)
        for step in 1...400 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2:
                shop.call(
                    ["a", "b"].randomElement(using: &random) ?? "a", by: "p\(step % 3)",
                    within: .random(in: 0...6, using: &random))
            case 3:
                let method = ["a", nil].randomElement(using: &random) ?? nil
                _ = try? shop.poll(step, method: method, limit: 3, wait: .random(in: 0...4, using: &random), lease: 1.5)
            case 4: if let call = shop.calls.keys.randomElement(using: &random) { try? shop.answer(call, "1") }
            case 5: shop.queue.pollerLeft(step - 1)
            case 6: if Int.random(in: 0..<10, using: &random) == 0 { shop.carryOut(shop.queue.callerLeft("p1")) }
            default: shop.goOn(to: shop.clock.seconds + .random(in: 0...2, using: &random))
            }
            if let next = shop.queue.nextMoment, next <= shop.clock { shop.goOn(to: shop.clock.seconds) }
        }
        shop.goOn(to: shop.clock.seconds + 20)
        #expect(shop.queue.count == 0 && shop.queue.pollerCount == 0 && shop.queue.nextMoment == nil)
        #expect(shop.settled.count == shop.calls.count && shop.twice == 0)
        #expect(shop.overlaps == 0)
    }
}

/// A queue with what a test needs around it.
struct Shop {
    static let epoch = Timestamp(microseconds: 1_795_348_800_000_000)

    var queue: InvocationQueue
    var clock = Duration.zero
    /// Every call with its deadline.
    var calls: [InvocationID: Duration] = [:]
    var settled: [InvocationID: Result<String, RPCError>] = [:]
    var handed: [(poller: Int, leased: [LeasedInvocation])] = []
    /// How often a call was settled that had been before, or after its deadline.
    var twice = 0
    /// How often a call was handed out while it was somebody's.
    var overlaps = 0
    private var leases: [InvocationID: Timestamp] = [:]

    init(limit: Int = 100, pollerLimit: Int = 100) {
        queue = InvocationQueue(limit: limit, pollerLimit: pollerLimit)
    }

    @discardableResult
    mutating func call(
        _ method: String, by caller: String = "alice", within seconds: Double, envelope: RPCEnvelope = .json
    ) -> InvocationID {
        let now = Self.epoch + clock
        let id = InvocationID(at: now)
        let deadline = clock + .seconds(seconds)
        calls[id] = deadline
        let invocation = PendingInvocation(
            id: id, sessionID: SessionID(at: now), room: "r", method: method,
            caller: .init(identity: caller, kind: .standard, attributes: [:]), payload: "", envelope: envelope,
            receivedAt: now, deadline: now + .seconds(seconds))
        carryOut(queue.add(invocation, deadline: deadline, at: clock))
        return id
    }

    /// What the poller gets at once.
    @discardableResult
    mutating func poll(
        _ number: Int, method: String? = nil, limit: Int = 10, wait: Double = 0, lease: Double = 5
    ) throws -> [LeasedInvocation] {
        let before = handed.count
        carryOut(
            try queue.poll(
                InvocationPoll(method: method, limit: limit, wait: .seconds(wait), lease: .seconds(lease)),
                number: number, at: clock))
        return handed.dropFirst(before).first { $0.poller == number }?.leased ?? []
    }

    mutating func answer(_ id: InvocationID, _ result: String) throws {
        carryOut(try queue.answer(id, with: .result(result), at: clock))
    }

    mutating func goOn(to seconds: Double) {
        clock = .seconds(seconds)
        carryOut(queue.tick(at: clock))
    }

    mutating func carryOut(_ actions: [InvocationQueue.Action]) {
        for action in actions {
            switch action {
            case .settle(let id, let result):
                if settled.updateValue(result, forKey: id) != nil { twice += 1 }
                if case .success = result, clock >= calls[id] ?? .zero { twice += 1 }
            case .hand(let poller, let leased):
                handed.append((poller, leased))
                for call in leased {
                    if let until = leases[call.invocation.id], until > Self.epoch + clock { overlaps += 1 }
                    leases[call.invocation.id] = call.leaseExpiresAt
                }
            }
        }
    }
}
