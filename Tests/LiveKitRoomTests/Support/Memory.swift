import Foundation

/// What this process takes of the machine's memory.
enum Memory {
    struct Unreadable: Error {}

    /// Resident bytes, by `/proc`.
    static func resident() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { throw Unreadable() }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
