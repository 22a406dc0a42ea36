import Foundation
import Testing

@testable import Turngate

struct BuildVersionTests {
    private static func file(_ path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func theContract_hasTheProgramsVersion() throws {
        #expect(try Self.file("openapi.yaml").contains("\n  version: \(BuildVersion.text)\n"))
    }

    @Test func theSetUp_fetchesTheNativeCoreThatIsSpokenTo() throws {
        #expect(try Self.file("scripts/bootstrap").contains("\(BuildVersion.nativeCore)"))
        #expect(try Self.file("Tests/e2e/requirements.txt").contains("livekit==\(BuildVersion.nativeCore)\n"))
    }
}
