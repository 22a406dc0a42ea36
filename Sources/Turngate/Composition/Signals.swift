import Dispatch
import Foundation

/// The signals that a service is driven by, as a stream.
struct Signals {
    /// What arrives.
    enum Signal: Sendable { case stop, reload }

    let stream: AsyncStream<Signal>
    private let sources: [any DispatchSourceSignal]

    /// Takes over SIGINT and SIGTERM (stop) and SIGHUP (reload), and ignores
    /// SIGPIPE: a peer that is gone is told by the write's error.
    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(16))
        self.stream = stream
        signal(SIGPIPE, SIG_IGN)
        sources = [(SIGINT, Signal.stop), (SIGTERM, .stop), (SIGHUP, .reload)].map { number, meaning in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(meaning) }
            source.resume()
            return source
        }
    }
}
