import Glibc

/// The C library's allocator.
enum Allocator {
    /// Glibc gives each thread an arena of its own and keeps what was freed in
    /// it; four for all threads keep the process small, and those that answer
    /// requests mostly out of each other's way (mallopt(3)). Swift's Glibc module
    /// leaves `malloc.h` out, so the function is looked up.
    ///
    /// What is freed at the end of an arena goes back to the kernel beyond 2 MiB
    /// only, not beyond 128 KiB: LiveKit's core takes a buffer of about that size
    /// for each message, and would have it cleared by the kernel, page by page,
    /// every time.
    static func set() {
        typealias Mallopt = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: Mallopt.self)
        let (arenaMax, trimThreshold, mapThreshold): (Int32, Int32, Int32) = (-8, -1, -3)
        _ = mallopt(arenaMax, 4)
        _ = mallopt(trimThreshold, 2 << 20)
        // Its default would be lost with the other one's: it grows with use.
        _ = mallopt(mapThreshold, 1 << 20)
    }
}
