import Foundation
import Synchronization
import Testing

@testable import Domain

struct SnapshotTests {
    @Test func snapshot_isEncodedOnce_alsoThroughItsCopies() {
        let session = Session(
            id: SessionID(uuid: UUID()), spec: SessionSpec(room: "r"), createdAt: Timestamp(microseconds: 0))
        let snapshot = SessionSnapshot(session)
        let copy = snapshot
        let count = Mutex(0)
        func encode(_ session: Session) -> [UInt8] {
            count.withLock { $0 += 1 }
            return Array(session.spec.room.utf8)
        }
        #expect(snapshot.encoded(encode) == Array("r".utf8))
        #expect(copy.encoded(encode) == Array("r".utf8))
        #expect(count.withLock { $0 } == 1)
        var changed = snapshot.session
        changed.spec.room = "s"
        #expect(SessionSnapshot(changed).encoded(encode) == Array("s".utf8))
    }

    @Test func whatIsWritten_isShownAsItIs() {
        let bytes = Array("{}".utf8)
        let shown = ShownSession.written(bytes).encoded { _ in
            Issue.record("there is nothing to encode")
            return []
        }
        #expect(shown == bytes)
    }

    @Test func quickDigits_areSixteen_andNeverTheSameTwice() {
        var seen: Set<String> = []
        for _ in 0..<100_000 {
            let digits = String.quickHex()
            #expect(digits.utf8.count == 16 && digits.allSatisfy { $0.isHexDigit && !$0.isUppercase })
            seen.insert(digits)
        }
        #expect(seen.count == 100_000)
    }
}
