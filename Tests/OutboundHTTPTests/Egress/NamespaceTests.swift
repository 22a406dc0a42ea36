import Foundation
import TestSupport
import Testing

/// Runs `InsideNamespaceTests` in a network of its own, where every address of
/// the world is this machine's and a small name server answers: so that a
/// connection to any forbidden address would arrive and be counted.
///
/// It takes Linux namespaces, which an ordinary user has on most machines and a
/// container often has not; `EgressTests` needs nothing.
struct NamespaceTests {
    /// Whether this process is the one in there.
    static let isInside = ProcessInfo.processInfo.environment["TURNGATE_TEST_OWN_NETWORK"] == "1"

    /// How to get namespaces here: as anybody, or as a root who may not have
    /// users of its own. Nil where neither works.
    static let unshare: [String]? = [
        ["unshare", "--user", "--map-root-user", "--net", "--mount"], ["unshare", "--net", "--mount"],
    ].first { runs($0 + ["true"]) }

    private static func runs(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test(.enabled(if: unshare != nil, "this machine gives no namespaces to this user"))
    func inANetworkOfItsOwn_noForbiddenAddressIsConnectedTo() async throws {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let script = TestTools.root + "/Tests/OutboundHTTPTests/Peers/own_network.py"
        let unshare = try #require(Self.unshare)
        let run = try await FinishedProgram.run(
            unshare + [
                TestTools.python, script, executable, "--filter", "InsideNamespaceTests", "--testing-library",
                "swift-testing",
            ])
        let said = String(decoding: run.output, as: UTF8.self) + run.errors
        #expect(run.status == 0, "\(said)")
        // A filter that found nothing would be a success too.
        #expect(said.contains("Test run with 5 tests in 1 suite passed"), "\(said)")
    }
}
