import Domain

/// What is asked about sessions, and what changes them, over HTTP.
@Driver struct SessionPaths {
    private let service: CountedService
    private let wire: HTTPWire
    private let live: SessionID
    private let states: StateSequence
    private let ended: SessionID

    init(_ service: CountedService, live: SessionID, _ states: StateSequence) async throws {
        self.service = service
        wire = try HTTPWire(port: service.port)
        (self.live, self.states) = (live, states)
        ended = try await service.session("ended") { $0.labels = ["tenant": "acme"] }
        _ = try await service.supervisor.end(ended, actor: nil)
        await service.journal.settle()
    }

    var all: [HotPath] {
        let (wire, live, ended) = (wire, Request.get("/v1/sessions/\(live)"), Request.get("/v1/sessions/\(ended)"))
        return [
            HotPath(name: "GET session, live", operations: 400) { count in
                for _ in 0..<count { try wire.exchange(live, expecting: 200) }
            },
            HotPath(name: "GET session, ended", operations: 100) { count in
                for _ in 0..<count { try wire.exchange(ended, expecting: 200) }
            },
            agentState,
        ]
    }

    /// Each is a change, on the disk when it is answered.
    private var agentState: HotPath {
        let path = "/v1/sessions/\(live)/agent-state"
        return HotPath(name: "PUT agent-state, durable", operations: 100) { count in
            for _ in 0..<count {
                service.clock.advance(milliseconds: 1000)
                try wire.exchange(Request.put(path, #"{"state":"\#(states.next())"}"#), expecting: 200)
            }
        }
    }
}
