import TestSupport
import Testing

@testable import OutboundHTTP

/// What a retry wants to know of an error.
struct MayHaveActedTests {
    @Test func callWhoseRequestWasNeverSent_hasSurelyNotActed() async throws {
        let silent = try LocalServer { $0.waitForEnd() }
        defer { silent.stop() }
        let plain = try LocalServer { $0.write("HTTP/1.1 400 Bad Request\r\n\r\n") }
        defer { plain.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let unused = try LocalServer.unusedPort()
        for (url, label, timeout) in [
            ("http://127.0.0.1:\(unused)/", "could_not_connect", 60), ("https://127.0.0.1:\(plain.port)/", "tls", 60),
            // The greeting of TLS is no part of the request.
            ("https://127.0.0.1:\(silent.port)/", "timed_out", 1), ("ftp://127.0.0.1/", "invalid_request", 60),
        ] {
            let request = OutboundRequest(method: .post, url: url, body: [1], timeout: .seconds(timeout))
            let error = await client.failure(of: request)
            #expect(error?.label == label, "\(url): \(String(describing: error))")
            #expect(error?.mayHaveActed == false, "\(url): \(String(describing: error))")
            #expect(error?.isRetryable == (label != "invalid_request"))
        }
    }

    @Test func callWhoseRequestWasSent_mayHaveActed() async throws {
        let silent = try LocalServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        defer { silent.stop() }
        let rude = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write("no")
        }
        defer { rude.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        for (url, label, timeout) in [(silent.url, "timed_out", 3), (rude.url, "bad_response", 60)] {
            let error = await client.failure(
                of: OutboundRequest(method: .post, url: url, body: [1], timeout: .seconds(timeout)))
            #expect(error?.label == label, "\(url): \(String(describing: error))")
            #expect(error?.mayHaveActed == true && error?.isRetryable == true)
        }
        #expect(OutboundError.cancelled.mayHaveActed && OutboundError.closed.mayHaveActed)
    }
}
