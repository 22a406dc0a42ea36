import Domain
import LiveKitRoom
import TestSupport
import Synchronization
import Testing

/// The native core of the test process and what a test needs of a room.
enum RoomFixture {
    /// The one panic that a test makes itself.
    static let rehearsedPanic = "rehearsed"
    static let rehearsals = Atomic(0)

    static func core() throws -> LiveKitCore {
        try LiveKitCore.start(
            LiveKitCoreOptions(libraryPath: TestTools.liveKitLibrary) { text in
                if text == rehearsedPanic {
                    rehearsals.add(1, ordering: .relaxed)
                } else {
                    Issue.record("the core panicked: \(text)")
                }
            })
    }

    static func connector(_ url: String, maxPendingEvents: Int = 4_096, kind: String = "agent") throws
        -> LiveKitConnector
    {
        let configuration = LiveKitConfiguration(url: url, maxPendingEvents: maxPendingEvents)
        return LiveKitConnector(core: try core(), configuration: configuration) { try TokenMint.token($0, kind: kind) }
    }

    static func join(
        _ identity: String, room: String, name: String = "", metadata: String = "", attributes: [String: String] = [:]
    ) -> RoomJoin {
        RoomJoin(room: room, identity: identity, name: name, metadata: metadata, attributes: attributes)
    }

    /// Waits until `condition` holds, at most `timeout`.
    static func eventually(
        within timeout: Duration = .seconds(60), _ condition: () async throws -> Bool,
        _ comment: Comment = "the condition did not come to hold", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = ContinuousClock.now + timeout
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(comment, sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
