import Domain

/// A change of the agent's state that is told to open streams of events.
@Driver struct EventPaths {
    private static let readers = 64
    private let service: CountedService
    private let live: SessionID
    private let states: StateSequence

    init(_ service: CountedService, live: SessionID, _ states: StateSequence) {
        (self.service, self.live, self.states) = (service, live, states)
    }

    /// The streams are opened with the first event, and stay open.
    var all: [HotPath] {
        let crowd = Crowd()
        return [
            HotPath(name: "event told to \(Self.readers) streams", operations: 40) { count in
                if crowd.wires.isEmpty { crowd.wires = try streams() }
                for _ in 0..<count {
                    service.clock.advance(milliseconds: 1000)
                    _ = try await service.supervisor.setAgentState(live, to: states.next(), reason: nil, actor: nil)
                    for wire in crowd.wires { try wire.receive(through: "\n\n\r\n") }
                }
            }
        ]
    }

    private func streams() throws -> [HTTPWire] {
        let request = Request.get("/v1/sessions/\(live)/events")
        return try (0..<Self.readers).map { _ in
            let wire = try HTTPWire(port: service.port)
            try wire.send(request)
            // The comment that every stream begins with.
            try wire.receive(through: "\n\n\r\n")
            return wire
        }
    }

    @Driver private final class Crowd {
        var wires: [HTTPWire] = []
    }
}
