import Domain

/// Time stands still unless a test moves it: answers can be compared whole.
struct FixedClock: TurngateClock {
    var now: Timestamp { FakeSessions.start }
    var uptime: Duration { .zero }
    func sleep(until moment: Duration) async throws { try await Task.sleep(for: .seconds(60)) }
}

struct FakeKeys: CallerAuthenticator {
    func caller(bearing secret: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        switch secret {
        case "dev-key": Caller(name: "dev", scope: .admin)
        case "writer": Caller(name: "shop", scope: .write)
        case "reader": Caller(name: "board", scope: .read)
        default: throw .unknown
        }
    }
}

struct FakeTokens: ParticipantTokenIssuer {
    func issue(_ request: ParticipantTokenRequest, now: Timestamp) throws(TurngateError) -> ParticipantToken {
        ParticipantToken(
            token: "token-of-\(request.identity)", url: "ws://127.0.0.1:7880", room: request.room,
            expiresAt: now + request.timeToLive)
    }
}

struct FakeProbe: ReadinessProbe {
    var name: String
    var answer: String?
    func problem() async -> String? { answer }
}

/// Takes `http` and `https` to anything but the loopback.
struct FakeOutboundRule: OutboundURLRule {
    func problem(with url: String) -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return "must be http or https" }
        return url.contains("127.0.0.1") ? "names an address that is not public" : nil
    }
}
