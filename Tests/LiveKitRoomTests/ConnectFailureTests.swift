import Domain
import Testing

@testable import LiveKitRoom

/// The texts are those that the core of the wheel 1.2.1 gave for real servers.
struct ConnectFailureTests {
    @Test(arguments: [
        "transport connection error: IO error: Connection refused (os error 111)",
        "transport connection error: IO error: failed to lookup address information: Name or service not known",
        "transport connection error: IO error: received corrupt message of type InvalidContentType",
        "transport timed out", "transport closed", "handshake error: 200 OK",
        "server error: 503 Service Unavailable - no", "client error: 429 Too Many Requests - no",
    ])
    func whatAnotherAttemptMayOvercome_isUnreachable(text: String) {
        #expect(
            ConnectFailure.error("engine: signal failure: " + text) == .unreachable("engine: signal failure: " + text))
    }

    @Test(arguments: [
        "client error: 401 Unauthorized - invalid token: wrong signature", "client error: 403 Forbidden - no",
        "access token has invalid characters",
    ])
    func whatTheTokenIsToBlameFor_isTokenRefused(text: String) {
        #expect(
            ConnectFailure.error("engine: signal failure: " + text) == .tokenRefused("engine: signal failure: " + text))
    }

    @Test
    func otherAnswers_areRefusals_andTheRestFailures() {
        #expect(ConnectFailure.error("client error: 404 Not Found - ") == .refused("client error: 404 Not Found - "))
        let url = "engine: signal failure: failed to parse the url: relative URL without a base"
        #expect(ConnectFailure.error(url) == .failed(url))
        #expect(ConnectFailure.error("room failure: x") == .failed("room failure: x"))
    }

    @Test
    func requestErrors_areToldApart() {
        #expect(
            ConnectFailure.requestError("set the name", "request error: NotAllowed - no")
                == .refused("set the name: request error: NotAllowed - no"))
        #expect(
            ConnectFailure.requestError("set the name", "engine: signal failure: request timeout")
                == .timeout("set the name: engine: signal failure: request timeout"))
        #expect(
            ConnectFailure.requestError("send data", "failed to send data, room closed: channel closed")
                == .disconnected)
    }
}
