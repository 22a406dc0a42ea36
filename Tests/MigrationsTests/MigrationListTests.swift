import Foundation
import Migrations
import Testing

@Suite struct MigrationListTests {
    private var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Migrations/SQL")
    }

    @Test func list_agreesWithTheFolder_inNamesOrderAndContent() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(Migration.all.map(\.file) == files)
        for migration in Migration.all {
            let content = try Data(contentsOf: folder.appending(path: migration.file))
            #expect(Array(content) == migration.script, "\(migration.file)")
        }
    }

    @Test func list_isNumberedWithoutGaps() {
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
    }
}
