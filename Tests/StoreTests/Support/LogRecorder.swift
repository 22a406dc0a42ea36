import Logging
import Synchronization

/// Keeps the levels of what is logged.
final class LogRecorder: Sendable {
    private let lines = Mutex<[Logger.Level]>([])

    var levels: [Logger.Level] { lines.withLock { $0 } }

    /// Logs everything to here.
    var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { recorder.lines.withLock { $0.append(event.level) } }
    }
}
