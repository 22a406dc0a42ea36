import Glibc

/// The C library's allocator.
enum Allocator {
    /// Glibc gives each thread an arena of its own and keeps what was freed in
    /// it; two for all threads keep the process small (mallopt(3)). Swift's
    /// Glibc module leaves `malloc.h` out, so the function is looked up.
    static func limitArenas() {
        typealias Mallopt = @convention(c) (Int32, Int32) -> Int32
        let arenaMax: Int32 = -8  // M_ARENA_MAX
        guard let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: Mallopt.self)(arenaMax, 2)
    }
}
