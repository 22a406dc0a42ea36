import Domain
import Foundation
import TestSupport
import Testing

@testable import Turngate

struct LocalProcessesTests {
    private let processes = LocalProcesses()
    private var me: RuntimeDescription { processes.me(id: RuntimeID(uuid: UUID())) }

    @Test func thisProcess_isAlive_andItsPidWithAnotherStartIsNot() {
        let mine = me
        #expect(mine.startTicks > 0)
        #expect(processes.isAlive(mine) == true)
        var another = mine
        another.startTicks += 1
        #expect(processes.isAlive(another) == false)
    }

    @Test func aProcessThatHasEnded_isNotAlive() async throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sleep")
        child.arguments = ["60"]
        try child.run()
        var description = me
        description.pid = child.processIdentifier
        let stat = try String(contentsOfFile: "/proc/\(child.processIdentifier)/stat", encoding: .utf8)
        description.startTicks = try #require(Int64(stat.split(separator: " ")[21]))
        #expect(processes.isAlive(description) == true)
        // A child may have inherited that SIGTERM is blocked.
        kill(child.processIdentifier, SIGKILL)
        try await offThePool { child.waitUntilExit() }
        #expect(processes.isAlive(description) == false)
    }

    @Test func aProcessOfAnotherMachineOrContainer_isNotOursToJudge() {
        var far = me
        far.bootID = "another boot pid:[1]"
        #expect(processes.isAlive(far) == nil)
    }
}
