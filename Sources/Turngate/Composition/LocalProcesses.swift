import Domain
import Foundation

/// Processes as Linux shows them under `/proc` (proc(5)).
struct LocalProcesses: Sendable {
    private let root: String

    init(root: String = "/proc") { self.root = root }

    /// This process as the register of runtimes knows it.
    func me(id: RuntimeID) -> RuntimeDescription {
        let pid = ProcessInfo.processInfo.processIdentifier
        return RuntimeDescription(
            id: id, host: ProcessInfo.processInfo.hostName, bootID: pidSpace ?? "unknown-\(id.uuid)", pid: pid,
            startTicks: startTicks(of: pid) ?? 0)
    }

    /// Whether `runtime` still runs; nil when it was entered from another
    /// machine, another boot or another container, where we cannot look.
    func isAlive(_ runtime: RuntimeDescription) -> Bool? {
        guard let pidSpace, runtime.bootID == pidSpace else { return nil }
        // A process that may not be looked at still answers to its pid.
        if kill(runtime.pid, 0) != 0, errno == ESRCH { return false }
        guard let ticks = startTicks(of: runtime.pid) else { return isReadable(runtime.pid) ? false : nil }
        return ticks == runtime.startTicks
    }

    private func isReadable(_ pid: Int32) -> Bool {
        FileManager.default.isReadableFile(atPath: "\(root)/\(pid)/stat")
    }

    /// What a pid means something in: one boot of one machine, and within it
    /// one pid namespace, since containers of one machine share the boot.
    private var pidSpace: String? {
        guard let boot = try? String(contentsOfFile: "\(root)/sys/kernel/random/boot_id", encoding: .utf8),
            let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/self/ns/pid")
        else { return nil }
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
    }

    /// Field 22 of `stat`; nil for a process that is gone or a zombie. The
    /// name in field 2 may hold spaces and parentheses, so fields count from
    /// the last parenthesis.
    private func startTicks(of pid: Int32) -> Int64? {
        guard let stat = try? String(contentsOfFile: "\(root)/\(pid)/stat", encoding: .utf8),
            let afterName = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: afterName)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int64(fields[19])
    }
}
