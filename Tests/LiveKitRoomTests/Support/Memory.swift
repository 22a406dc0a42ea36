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

    /// Bytes of the heap that are allocated; freed ones, which the process keeps
    /// for a while, are not among them.
    static func allocated() throws -> Int {
        // Swift does not see malloc.h.
        guard let symbol = dlsym(nil, "malloc_info") else { throw Unreadable() }
        typealias Write = @convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32
        let write = unsafeBitCast(symbol, to: Write.self)
        var text: UnsafeMutablePointer<CChar>?
        var length = 0
        guard let file = open_memstream(&text, &length) else { throw Unreadable() }
        let failed = write(0, file) != 0
        fclose(file)
        defer { free(text) }
        guard !failed, let text else { throw Unreadable() }
        // The last of each name is the sum over all arenas.
        let lines = String(cString: text).split(separator: "\n")
        func size(_ name: String) -> Int {
            let line = lines.last { $0.contains("type=\"\(name)\"") }
            return line?.components(separatedBy: "size=\"").last.map { Int($0.prefix { $0.isNumber }) ?? 0 } ?? 0
        }
        return size("current") + size("mmap") - size("fast") - size("rest")
    }
}
