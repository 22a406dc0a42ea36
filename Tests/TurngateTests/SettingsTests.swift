import Foundation
import Testing

@testable import Turngate

struct SettingsTests {
    @Test func flagsWinOverTheEnvironment_whichWinsOverTheFile_whichWinsOverDefaults() {
        let file = SettingsFile(
            text: """
                # comment

                TURNGATE_LISTEN = "127.0.0.1:1"
                LIVEKIT_URL=ws://file
                TURNGATE_LOG_LEVEL=debug
                """, name: "f")
        let settings = Settings(
            flags: [.listen: "127.0.0.1:3"],
            environment: ["TURNGATE_LISTEN": "127.0.0.1:2", "LIVEKIT_URL": "ws://environment", "DATABASE_URL": ""],
            file: file)
        #expect(file.problems.isEmpty)
        #expect(settings.entry(.listen).map { [$0.value, $0.source.rawValue] } == ["127.0.0.1:3", "flag"])
        #expect(
            settings.entry(.livekitURL).map { [$0.value, $0.source.rawValue] } == ["ws://environment", "environment"])
        #expect(settings.entry(.logLevel).map { [$0.value, $0.source.rawValue] } == ["debug", "file"])
        #expect(settings.entry(.migrate).map { [$0.value, $0.source.rawValue] } == ["check", "default"])
        #expect(settings.entry(.databaseURL) == nil)
    }

    @Test func aFile_reportsEveryWrongLine_withItsNumber() {
        let file = SettingsFile(text: "NOPE=1\nnothing\nLIVEKIT_URL=a\nLIVEKIT_URL=b", name: "t.conf")
        #expect(
            file.problems == [
                "t.conf:1: there is no setting 'NOPE'", "t.conf:2: not a NAME=value line",
                "t.conf:4: LIVEKIT_URL is set twice",
            ])
        #expect(SettingsFile(path: "/nonexistent").problems.count == 1)
    }

    private static let good = [
        "LIVEKIT_URL": "ws://127.0.0.1:7880", "LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secret",
        "DATABASE_URL": "postgresql:///turngate?host=/tmp",
    ]

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

    @Test func goodSettings_areUnderstood() throws {
        let configuration = try Self.configuration(["TURNGATE_MIGRATE": "auto", "TURNGATE_API_KEYS": "ops=admin:s"])
        #expect(configuration.migration == .auto)
        #expect(configuration.keys?.keys.map(\.name) == ["ops"])
        #expect(configuration.listen == .ip(host: "127.0.0.1", port: 8080))
    }

    @Test func everythingThatIsWrong_isSaidAtOnce_withoutTheValues() {
        let secret = "hunter2"
        let problems = Self.problems([
            "LIVEKIT_URL": "http//\(secret)", "LIVEKIT_API_KEY": "", "DATABASE_URL": "postgresql://u:\(secret)@:x:y/",
            "TURNGATE_LISTEN": secret, "TURNGATE_API_KEYS": "a=boss:\(secret)", "TURNGATE_LOG_LEVEL": secret,
            "TURNGATE_LOG_FORMAT": secret, "TURNGATE_MIGRATE": secret,
        ])
        for name in [
            "LIVEKIT_URL", "LIVEKIT_API_KEY", "DATABASE_URL", "TURNGATE_LISTEN", "TURNGATE_API_KEYS",
            "TURNGATE_LOG_LEVEL", "TURNGATE_LOG_FORMAT", "TURNGATE_MIGRATE",
        ] {
            #expect(problems.contains { $0.contains(name) }, "\(name) in \(problems)")
        }
        #expect(!problems.contains { $0.contains(secret) })
    }

    @Test(arguments: ["0.0.0.0:80", "[::]:8080", "192.0.2.1:8080", ":8080"])
    func servingOthers_withoutKeys_isRefused(address: String) {
        #expect(Self.problems(["TURNGATE_LISTEN": address]).contains { $0.contains("TURNGATE_API_KEYS") })
        #expect(Self.problems(["TURNGATE_LISTEN": address, "TURNGATE_API_KEYS": "a=read:s"]).isEmpty)
    }

    @Test(arguments: ["0.0.0.0:80", "127.0.0.1:80"])
    func blankKeys_areAMistake_andNotAnOpenDoor(address: String) {
        let problems = Self.problems(["TURNGATE_LISTEN": address, "TURNGATE_API_KEYS": " "])
        #expect(problems.contains { $0.contains("TURNGATE_API_KEYS: there is no key in it") })
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:8080", "localhost:8080", "unix:/tmp/t.sock"])
    func servingThisMachine_needsNoKeys(address: String) {
        #expect(Self.problems(["TURNGATE_LISTEN": address]).isEmpty)
    }
}
