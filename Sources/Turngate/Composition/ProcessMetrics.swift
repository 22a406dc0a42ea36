import AgentRuntime
import Domain
import Foundation
import HTTPServer
import Metrics

/// `process_*`, as Prometheus client libraries name them, read from `/proc`.
enum ProcessMetrics {
    static func register(in registry: MetricsRegistry) {
        let start = Double(SystemClock().now.microseconds) / 1_000_000
        registry.observed("process_start_time_seconds", help: "When the process started, since 1970.") { [([], start)] }
        registry.observed("process_cpu_seconds_total", kind: "counter", help: "User and system CPU time.") {
            [([], cpuSeconds)]
        }
        registry.observed("process_resident_memory_bytes", help: "Resident memory.") {
            [([], statusBytes("VmRSS:"))]
        }
        registry.observed("process_virtual_memory_bytes", help: "Virtual memory.") { [([], statusBytes("VmSize:"))] }
        registry.observed("process_threads", help: "Threads.") { [([], statusNumber("Threads:"))] }
        registry.observed("process_open_fds", help: "Open file descriptors.") {
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            return [([], Double(descriptors?.count ?? 0))]
        }
        registry.observed("process_max_fds", help: "The limit of open file descriptors.") {
            var limit = rlimit()
            return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
                ? [([], Double(limit.rlim_cur))] : []
        }
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000 }
    }

    private static func statusBytes(_ name: String) -> Double { statusNumber(name) * 1024 }

    private static func statusNumber(_ name: String) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return 0 }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
    }
}

/// How many sessions this process holds.
enum SessionCensus {
    static func register(_ supervisor: SessionSupervisor, in registry: MetricsRegistry) {
        registry.observed("turngate_sessions", help: "Sessions that this process holds.", labels: ["status"]) {
            let census = supervisor.census
            return SessionStatus.allCases.map { ([$0.rawValue], Double(census[$0] ?? 0)) }
        }
    }
}

/// What the HTTP front holds.
enum HTTPGauges {
    static func register(_ server: HTTPServer, in registry: MetricsRegistry) {
        registry.observed("turngate_http_connections", help: "Open HTTP connections.") {
            [([], Double(server.gauges.connections))]
        }
        registry.observed("turngate_http_requests_in_flight", help: "HTTP requests being answered.") {
            [([], Double(server.gauges.requestsInFlight))]
        }
        registry.observed("turngate_http_streams", help: "Streaming answers under way.") {
            [([], Double(server.gauges.streams))]
        }
    }
}
