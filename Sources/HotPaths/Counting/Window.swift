import Glibc

/// The edges between what is counted and what is not. Callgrind writes down what it has counted, and
/// begins anew, when one of these two functions is entered (`--dump-before`); it knows them by their
/// names, which `Benchmarks/hot_paths/callgrind.py` has too.
enum Window {
    /// From here on it counts for `path`.
    @inline(never) static func opens(_ path: String) { say("opens \(path)") }

    /// Up to here it did.
    @inline(never) static func closes(_ path: String, _ operations: Int) { say("closes \(operations) \(path)") }

    /// One line, at once.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
