import Foundation
import Synchronization

/// Reads a file to its end on a thread of its own, so that a child never waits
/// for us to empty one of its pipes while we wait for the other.
final class FileReader: Sendable {
    private let data = Mutex(Data())
    private let isDone = DispatchSemaphore(value: 0)

    init(_ file: FileHandle) {
        Thread.detachNewThread { [self] in
            let all = (try? file.readToEnd()) ?? nil
            data.withLock { $0 = all ?? Data() }
            isDone.signal()
        }
    }

    /// All of it; waits for the file's end. For one call, off the pool.
    func contents() -> Data {
        isDone.wait()
        return data.withLock { $0 }
    }
}
