import Foundation
import Synchronization

/// A thread of our own for the loop: it waits in `poll`, which must not take one
/// of the few threads that Swift's tasks share.
final class LoopThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private let identifier: Mutex<pthread_t?>

    /// Starts `body` on a new thread, or gives nil where the system has none.
    init?(body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        var identifier = pthread_t()
        let outcome = pthread_create(
            &identifier, nil,
            { argument in
                LoopThread.ignoreBrokenPipes()
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard outcome == 0 else {
            box.release()
            return nil
        }
        self.identifier = Mutex(identifier)
    }

    /// Waits for the thread's end, the first time; from the thread itself, where
    /// that would be for ever, lets it go instead.
    func join() {
        let identifier = self.identifier.withLock { identifier in
            defer { identifier = nil }
            return identifier
        }
        guard let identifier else { return }
        if pthread_equal(identifier, pthread_self()) != 0 {
            pthread_detach(identifier)
        } else {
            pthread_join(identifier, nil)
        }
    }

    /// OpenSSL writes to sockets without MSG_NOSIGNAL. Blocked here, a write to a
    /// connection that is gone is an error code and not the end of the process.
    private static func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
