import ControlAPI
import Testing

@testable import Turngate

struct AccessSettingsTests {
    private static let good = [
        "LIVEKIT_URL": "ws://127.0.0.1:7880", "LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secret",
        "DATABASE_URL": "postgresql:///turngate?host=/tmp",
    ]
    private static let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    private static let other = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI0"

    private static func configuration(_ changes: [String: String]) throws -> ServiceConfiguration {
        let environment = good.merging(changes) { _, new in new }
        return try ServiceConfiguration(Settings(flags: [:], environment: environment, file: SettingsFile()))
    }

    private static func problems(_ changes: [String: String]) -> [String] {
        do {
            _ = try configuration(changes)
            return []
        } catch {
            return (error as? ConfigurationProblems)?.problems ?? ["\(error)"]
        }
    }

    @Test func nothingSet_isNoLimitNoSecretAndNoException() throws {
        let configuration = try Self.configuration([:])
        #expect(configuration.rateLimit == nil && configuration.maxSessionsPerKey == nil)
        #expect(configuration.webhookSecrets.isEmpty && configuration.egressAllow.isEmpty)
    }

    @Test func allSet_isUnderstood() throws {
        let configuration = try Self.configuration([
            "TURNGATE_RATE_LIMIT": "50", "TURNGATE_RATE_BURST": "70", "TURNGATE_MAX_SESSIONS_PER_KEY": "3",
            "TURNGATE_WEBHOOK_SECRET": "\(Self.secret), \(Self.other)",
            "TURNGATE_EGRESS_ALLOW": "127.0.0.0/8, ::1,10.1.2.3",
        ])
        #expect(configuration.rateLimit == RateLimitRule(perSecond: 50, burst: 70))
        #expect(configuration.maxSessionsPerKey == 3)
        #expect(configuration.webhookSecrets.map(\.text) == [Self.secret, Self.other])
        #expect(configuration.egressAllow.map(\.description) == ["127.0.0.0/8", "::1/128", "10.1.2.3/32"])
        #expect(
            try Self.configuration(["TURNGATE_RATE_LIMIT": "5"]).rateLimit == RateLimitRule(perSecond: 5, burst: 10))
    }

    @Test func allThatIsWrong_isSaidAtOnce_withoutTheValues() {
        let problems = Self.problems([
            "TURNGATE_RATE_LIMIT": "many", "TURNGATE_RATE_BURST": "0", "TURNGATE_MAX_SESSIONS_PER_KEY": "-1",
            "TURNGATE_WEBHOOK_SECRET": "hunter2,whsec_hunter2",
            "TURNGATE_EGRESS_ALLOW": "hunter2,10.0.0.1/8,10/hunter2",
        ])
        func count(_ name: String) -> Int { problems.filter { $0.hasPrefix("\(name):") }.count }
        #expect(count("TURNGATE_RATE_LIMIT") == 1 && count("TURNGATE_RATE_BURST") == 1)
        #expect(count("TURNGATE_MAX_SESSIONS_PER_KEY") == 1)
        #expect(count("TURNGATE_WEBHOOK_SECRET") == 2 && count("TURNGATE_EGRESS_ALLOW") == 3)
        #expect(problems.contains { $0.contains("entry 2") && $0.contains("10.0.0.0/8") }, "\(problems)")
        #expect(!problems.contains { $0.contains("hunter2") }, "\(problems)")
    }

    @Test(arguments: [
        ["TURNGATE_WEBHOOK_SECRET": "\(secret),\(secret),\(secret)"], ["TURNGATE_WEBHOOK_SECRET": "\(secret),"],
        ["TURNGATE_RATE_BURST": "5"], ["TURNGATE_RATE_LIMIT": "100001"], ["TURNGATE_EGRESS_ALLOW": "10.0.0.0/8,"],
    ])
    func otherMistakes_areSaid(_ changes: [String: String]) {
        #expect(Self.problems(changes).count == 1)
    }
}
