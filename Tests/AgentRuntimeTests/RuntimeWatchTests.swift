import AgentRuntime
import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

struct RuntimeWatchTests {
    private final class Register: RuntimeRegistry {
        struct State {
            var others: [RuntimeSighting] = []
            var buried: [RuntimeID] = []
            var entered = 0
            var isKnown = true
            var isAway = false
            var unburiable: RuntimeID?
            var unheld: [SessionID] = []
        }

        let state = Mutex(State())

        func enter(_ runtime: RuntimeDescription) async throws(TurngateError) {
            state.withLock {
                $0.entered += 1
                $0.isKnown = true
            }
        }

        func heartbeat(_ id: RuntimeID) async throws(TurngateError) -> Bool {
            if state.withLock({ $0.isAway }) { throw .storeUnavailable(detail: "away") }
            return state.withLock { $0.isKnown }
        }

        func others(than id: RuntimeID) async throws(TurngateError) -> [RuntimeSighting] {
            state.withLock { state in state.others.filter { !state.buried.contains($0.runtime.id) } }
        }

        func bury(_ dead: RuntimeID) async throws(TurngateError) -> [SessionID] {
            if state.withLock({ $0.unburiable == dead }) { throw .storeUnavailable(detail: "too much at once") }
            state.withLock { $0.buried.append(dead) }
            return []
        }

        func unheld(by id: RuntimeID, olderThan age: Duration) async throws(TurngateError) -> [SessionID] {
            state.withLock { $0.unheld }
        }

        func leave(_ id: RuntimeID) async throws(TurngateError) {}
    }

    private static func process(pid: Int32) -> RuntimeDescription {
        RuntimeDescription(id: RuntimeID(uuid: UUID()), host: "h", bootID: "b", pid: pid, startTicks: 1)
    }

    private static func watch(
        _ register: Register, _ clock: ManualClock, isAlive: @escaping @Sendable (RuntimeDescription) -> Bool?,
        onBuried: @escaping @Sendable () async -> Void = {},
        writeOff: @escaping @Sendable ([SessionID]) -> Void = { _ in }
    ) -> RuntimeWatch {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return RuntimeWatch(
            me: process(pid: 1), registry: register, clock: clock, logger: logger, isAlive: isAlive, onBuried: onBuried,
            writeOff: writeOff)
    }

    @Test func run_writesOffWhatTwoLooksInARowFind() async throws {
        let register = Register()
        let clock = ManualClock()
        let (once, twice) = (SessionID(at: clock.now), SessionID(at: clock.now))
        let found = Mutex<[[SessionID]]>([])
        let watch = Self.watch(
            register, clock, isAlive: { _ in nil }, writeOff: { ids in found.withLock { $0.append(ids) } })
        let task = Task { await watch.run() }
        for unheld in [[once, twice], [twice], []] {
            #expect(await eventually { clock.sleeperCount == 1 })
            register.state.withLock { $0.unheld = unheld }
            clock.advance(by: RuntimeWatch.heartbeatInterval)
        }
        #expect(await eventually { found.withLock { $0.count } == 3 })
        #expect(found.withLock { $0 } == [[], [twice], []])
        task.cancel()
        await task.value
    }

    @Test func enter_buriesDeadProcessesOfThisMachine_atOnce_andNoOthers() async throws {
        let register = Register()
        let (dead, alive, far) = (Self.process(pid: 2), Self.process(pid: 3), Self.process(pid: 4))
        register.state.withLock {
            $0.others = [dead, alive, far].map { RuntimeSighting(runtime: $0, silence: .seconds(999)) }
        }
        let watch = Self.watch(register, ManualClock()) { $0.pid == 4 ? nil : $0.pid == 3 }
        try await watch.enter()
        #expect(register.state.withLock { $0.buried } == [dead.id])
    }

    @Test func burialThatFails_keepsNeitherThisProcessNorOtherBurialsUp_andIsTriedAgain() async throws {
        let register = Register()
        let clock = ManualClock()
        let (stuck, dead) = (Self.process(pid: 2), Self.process(pid: 3))
        register.state.withLock {
            $0.others = [stuck, dead].map { RuntimeSighting(runtime: $0, silence: .seconds(999)) }
            $0.unburiable = stuck.id
        }
        let watch = Self.watch(register, clock) { _ in false }
        try await watch.enter()
        #expect(register.state.withLock { $0.entered } == 1)
        #expect(register.state.withLock { $0.buried } == [dead.id])
        register.state.withLock { $0.unburiable = nil }
        let task = Task { await watch.run() }
        #expect(await eventually { clock.sleeperCount == 1 })
        clock.advance(by: RuntimeWatch.heartbeatInterval)
        #expect(await eventually { register.state.withLock { $0.buried } == [dead.id, stuck.id] })
        task.cancel()
        await task.value
    }

    @Test func run_buriesASilentProcessElsewhere_onlyAfterALeaseOfOurOwnHeartbeats() async throws {
        let register = Register()
        let clock = ManualClock()
        let far = Self.process(pid: 4)
        register.state.withLock { $0.others = [RuntimeSighting(runtime: far, silence: .seconds(999))] }
        let watch = Self.watch(register, clock) { _ in nil }
        let task = Task { await watch.run() }
        for _ in 0..<5 {
            #expect(await eventually { clock.sleeperCount == 1 })
            #expect(register.state.withLock { $0.buried }.isEmpty)
            clock.advance(by: RuntimeWatch.heartbeatInterval)
        }
        #expect(await eventually { clock.sleeperCount == 1 })
        #expect(register.state.withLock { $0.buried }.isEmpty)
        clock.advance(by: RuntimeWatch.heartbeatInterval)
        #expect(await eventually { register.state.withLock { $0.buried } == [far.id] })
        task.cancel()
        await task.value
    }

    @Test func run_afterADatabaseOutage_startsTheLeaseAnew() async throws {
        let register = Register()
        let clock = ManualClock()
        let far = Self.process(pid: 4)
        register.state.withLock { $0.others = [RuntimeSighting(runtime: far, silence: .seconds(999))] }
        let watch = Self.watch(register, clock) { _ in nil }
        let task = Task { await watch.run() }
        for step in 0..<7 {
            #expect(await eventually { clock.sleeperCount == 1 })
            register.state.withLock { $0.isAway = step == 5 }
            clock.advance(by: RuntimeWatch.heartbeatInterval)
        }
        #expect(await eventually { clock.sleeperCount == 1 })
        #expect(register.state.withLock { $0.buried }.isEmpty)
        task.cancel()
        await task.value
    }

    @Test func run_whenBuriedByAnother_givesItsSessionsUp_andEntersAgain() async throws {
        let register = Register()
        let clock = ManualClock()
        let given = Mutex(0)
        let watch = Self.watch(register, clock, isAlive: { _ in nil }, onBuried: { given.withLock { $0 += 1 } })
        let task = Task { await watch.run() }
        #expect(await eventually { clock.sleeperCount == 1 })
        register.state.withLock { $0.isKnown = false }
        clock.advance(by: RuntimeWatch.heartbeatInterval)
        #expect(await eventually { register.state.withLock { $0.entered } == 1 })
        #expect(given.withLock { $0 } == 1)
        task.cancel()
        await task.value
    }
}
