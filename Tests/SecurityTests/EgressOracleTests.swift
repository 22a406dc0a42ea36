import Foundation
import TestSupport
import Testing

@testable import Security

/// The policy against another reading of the IANA registries: Python's.
struct EgressOracleTests {
    @Test func addressThatIsAllowed_isGlobalToPythonToo() async throws {
        let policy = EgressPolicy()
        let addresses = Self.samples()
        let allowed = addresses.filter { policy.allows($0) }
        #expect(allowed.count > 5_000 && allowed.count < addresses.count - 5_000)
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("turngate-addresses-\(UUID().uuidString).json")
        try JSONEncoder().encode(allowed.map(IPText.text)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let script = TestTools.root + "/Tests/SecurityTests/Peers/global_addresses.py"
        let run = try await FinishedProgram.run([TestTools.python, script, file.path])
        try #require(run.status == 0, "\(run.errors)")
        let verdicts = try JSONDecoder().decode([Bool].self, from: run.output)
        try #require(verdicts.count == allowed.count)
        let wrong = zip(allowed, verdicts).filter { !$0.1 }.map { IPText.text(of: $0.0) }
        #expect(wrong == [])
    }

    /// Both ends of blocks of 16 bits all over IPv4 and IPv6, the blocks of 24 bits
    /// among which the special ones are, and those around 2001::/16.
    private static func samples() -> [[UInt8]] {
        var samples: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            for second in stride(from: UInt8(0), through: 255, by: 5) {
                samples.append([first, second, 0, 0])
                samples.append([first, second, 255, 255])
                let six: [UInt8] = [first, second]
                samples.append(six + [UInt8](repeating: 0, count: 14))
                samples.append(six + [UInt8](repeating: 255, count: 14))
                samples.append(six + [0x0D, 0xB8] + [UInt8](repeating: 1, count: 12))
            }
        }
        for second in UInt8.min...UInt8.max {
            for third in UInt8.min...UInt8.max where [0, 2, 31, 51, 52, 88, 100, 168, 175].contains(second) {
                for first: UInt8 in [192, 198, 203] { samples.append([first, second, third, 1]) }
            }
            samples.append([0x20, 0x01, second, 0] + [UInt8](repeating: 0, count: 11) + [1])
            samples.append([0x20, 0x01, 0, second] + [UInt8](repeating: 0, count: 11) + [1])
            samples.append([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, second, 1, 1, 1])
        }
        return samples
    }
}
