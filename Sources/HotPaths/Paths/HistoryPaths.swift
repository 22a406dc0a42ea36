import Domain

/// Pages of the history of a session that has had some hundred states.
@Driver struct HistoryPaths {
    private let wire: HTTPWire
    private let live: SessionID

    init(_ service: CountedService, live: SessionID) throws {
        wire = try HTTPWire(port: service.port)
        self.live = live
    }

    var all: [HotPath] { [fromPostgres, fromMemory, known] }

    /// Of 100 rows, which begins after the state of this number.
    private func page(after seq: Int, _ headers: String = "") -> [UInt8] {
        let tail = "\(live)".split(separator: "_").last ?? ""
        return Request.get("/v1/sessions/\(live)/agent-states?limit=100&cursor=h1-0-\(tail)-\(seq)", headers)
    }

    /// Never the same page twice: that would come from memory.
    private var fromPostgres: HotPath {
        let (wire, places) = (wire, Places())
        return HotPath(name: "history page of 100, from PostgreSQL", operations: 40) { count in
            for _ in 0..<count {
                places.last += 1
                try wire.exchange(page(after: places.last), expecting: 200)
            }
        }
    }

    private var fromMemory: HotPath {
        let (wire, request) = (wire, page(after: 1))
        return HotPath(name: "history page of 100, from memory", operations: 200) { count in
            for _ in 0..<count { try wire.exchange(request, expecting: 200) }
        }
    }

    /// The same for who has it already.
    private var known: HotPath {
        let wire = wire
        return HotPath(name: "history page of 100, unchanged (304)", operations: 400) { count in
            try wire.exchange(page(after: 1), expecting: 200)
            let request = page(after: 1, "If-None-Match: \(wire.field("ETag") ?? "")\r\n")
            for _ in 0..<count { try wire.exchange(request, expecting: 304) }
        }
    }

    @Driver private final class Places {
        var last = 0
    }
}
