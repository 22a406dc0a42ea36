import Domain
import Synchronization

/// How the open readers are served, which only the API knows; as long as the
/// list of them, which the runtime bounds.
final class AudioStreamFormats: Sendable {
    private let formats = Mutex<[ReaderID: AudioStreamFormat]>([:])

    /// Nil for a reader that is not one of an HTTP stream of this service.
    func format(of reader: ReaderID) -> AudioStreamFormat? { formats.withLock { $0[reader] } }

    func enter(_ reader: ReaderID, _ format: AudioStreamFormat) { formats.withLock { $0[reader] = format } }

    func remove(_ reader: ReaderID) { formats.withLock { _ = $0.removeValue(forKey: reader) } }
}
