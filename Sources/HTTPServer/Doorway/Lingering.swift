import CMicrohttpd
import Glibc

/// Sockets whose last answer is written while the client may still be sending.
/// What comes is thrown away, up to a bound, until the client has closed.
struct Lingering {
    private struct Entry {
        let deadline: ContinuousClock.Instant
        var bytesLeft = 64 * 1024 * 1024
    }

    static let most = 512
    private static let longest = Duration.seconds(5)
    private var entries: [Int32: Entry] = [:]

    var isFull: Bool { entries.count >= Self.most }

    mutating func add(_ descriptor: Int32, at now: ContinuousClock.Instant) {
        entries[descriptor] = Entry(deadline: now + Self.longest)
    }

    /// Takes what is there. Closes at the end of the stream or the bound.
    mutating func drain(_ descriptor: Int32) {
        guard var entry = entries[descriptor] else { return }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        for _ in 0..<16 {
            let count = front_receive(descriptor, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { break }
            entry.bytesLeft -= count
            guard count > 0, entry.bytesLeft > 0 else { return close(descriptor) }
        }
        entries[descriptor] = entry
    }

    mutating func sweep(at now: ContinuousClock.Instant) {
        for (descriptor, entry) in entries where entry.deadline < now { close(descriptor) }
    }

    mutating func closeAll() {
        for descriptor in entries.keys { close(descriptor) }
    }

    private mutating func close(_ descriptor: Int32) {
        entries[descriptor] = nil
        Self.end(descriptor)
    }

    /// Both ways: libmicrohttpd may hold the same socket and has to notice.
    static func end(_ descriptor: Int32) {
        front_shut_down(descriptor)
        Glibc.close(descriptor)
    }
}
