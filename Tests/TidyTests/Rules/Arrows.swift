/// Which target may know which: the table of `docs/architecture.md`, in one
/// place for the imports and for `Package.swift`.
enum Arrows {
    /// The modules of ours and of packages that each target may import.
    static let allowed: [String: Set<String>] = [
        "Domain": [],
        "Metrics": [],
        "HTTPServer": ["CMicrohttpd", "DequeModule"],
        "Postgres": ["CPostgres", "DequeModule", "Logging"],
        "Security": ["COpenSSL"],
        "OutboundHTTP": ["CCurl"],
        "Audio": ["CSpeexDSP"],
        "LiveKitRoom": ["Domain", "CLiveKitFFI", "DequeModule", "Logging", "SwiftProtobuf"],
        "Migrations": ["Postgres", "Security", "Logging"],
        "Store": ["Domain", "Postgres", "Metrics", "DequeModule", "Logging"],
        "AgentRuntime": ["Domain", "Metrics", "DequeModule", "Logging"],
        "Webhooks": ["Domain", "OutboundHTTP", "Security", "Metrics", "Logging"],
        "ControlAPI": ["Domain", "HTTPServer", "Audio", "Metrics", "Logging"],
        "Turngate": [
            "Domain", "HTTPServer", "Postgres", "Security", "OutboundHTTP", "LiveKitRoom", "Migrations", "Store",
            "AgentRuntime", "ControlAPI", "Webhooks", "Metrics", "Logging", "ArgumentParser",
        ],
        "TestSupport": ["Domain", "Postgres", "Migrations", "DequeModule", "Logging"],
        "HotPaths": [
            "Domain", "HTTPServer", "Postgres", "Security", "Migrations", "Store", "AgentRuntime", "ControlAPI",
            "Metrics", "TestSupport", "Logging",
        ],
    ]

    /// The one wrapper of each C library.
    static let wrapperOf = [
        "CMicrohttpd": "HTTPServer", "CPostgres": "Postgres", "COpenSSL": "Security", "CCurl": "OutboundHTTP",
        "CLiveKitFFI": "LiveKitRoom", "CSpeexDSP": "Audio",
    ]

    /// What comes with Swift and is there for everybody.
    static let standard: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch",
    ]

    /// Imports of a source file that its target may not have.
    static func findings(in file: SwiftSource) -> [Finding] {
        guard let target = file.target, let allowed = allowed[target] else {
            return [Finding(path: file.path, line: 1, what: "is in no target of the table of arrows")]
        }
        return file.imports.filter { !allowed.contains($0.module) && !standard.contains($0.module) }
            .map { Finding(path: file.path, line: $0.line, what: "\(target) may not import \($0.module)") }
    }

    /// Imports of a C library by anything but its wrapper; for tests.
    static func foreignFindings(in file: SwiftSource) -> [Finding] {
        file.imports.compactMap { found in
            guard let wrapper = wrapperOf[found.module], file.target != wrapper else { return nil }
            return Finding(path: file.path, line: found.line, what: "\(found.module) is for \(wrapper) alone")
        }
    }
}
