import Foundation
import TestSupport
import Testing

@testable import OutboundHTTP

/// Whatever a server does, a call ends in bounded time and memory.
struct HostileServerTests {
    /// One call to a server that does `behave` once the request has come.
    func ending(
        timeout: Duration = .seconds(1), maxResponseBytes: Int = 10_000, method: OutboundMethod = .get,
        _ behave: @escaping @Sendable (LocalConnection) -> Void
    ) async throws -> Result<OutboundResponse, OutboundError> {
        let server = try LocalServer { connection in
            guard connection.readRequest() != nil else { return }
            behave(connection)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxHeaderBytes: 20_000))
        defer { client.close() }
        do throws(OutboundError) {
            let request = OutboundRequest(
                method: method, url: server.url, timeout: timeout, maxResponseBytes: maxResponseBytes)
            return .success(try await client.send(request))
        } catch {
            return .failure(error)
        }
    }

    /// The header, a chunk's length, its extension, the trailers: byte by byte, for ever.
    @Test(arguments: [
        ("", "H"), ("HTTP/1.1 200 OK\r\n", "X"), ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", "x"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", "."),
    ])
    func serverThatDrips_isLeftAtTheDeadline(start: String, drop: String) async throws {
        let ending = try await ending { connection in
            connection.write(start)
            while connection.write(drop) { usleep(100_000) }
        }
        guard case .failure(let error) = ending else {
            Issue.record("it was taken for an answer")
            return
        }
        #expect(["timed_out", "bad_response"].contains(error.label), "\(error)")
    }

    /// As fast as it can, without end; the generous deadline is not what ends it.
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", "X: 0123456789012345678901234567890123456789\r\n"), ("HTTP/1.1 200 OK\r\nX: ", "x"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"), ("", "HTTP/1.1 199 Later\r\nX: y\r\n\r\n"), ("HTTP/1.1 200 ", "O"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: 0123456789\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nabcde\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "0123456789"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
    ])
    func serverThatFloods_isHungUpOn(start: String, piece: String) async throws {
        let flood = String(repeating: piece, count: 1 + 10_000 / piece.utf8.count)
        let ending = try await ending(timeout: .seconds(120)) { connection in
            connection.write(start)
            while connection.write(flood) {}
        }
        guard case .failure(let error) = ending else {
            Issue.record("it was taken for an answer")
            return
        }
        #expect(["too_large", "bad_response", "connection_lost"].contains(error.label), "\(error)")
        #expect(error.mayHaveActed)
    }

    /// The server sends no byte of the body: the length that it announces is enough.
    @Test(arguments: ["10001", "99999999999", "9223372036854775807", "99999999999999999999999999"])
    func lengthOverTheLimit_isRefusedBeforeTheBody(length: String) async throws {
        let ending = try await ending(timeout: .seconds(120)) { connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
            connection.waitForEnd()
        }
        guard case .failure(let error) = ending else {
            Issue.record("it was taken for an answer")
            return
        }
        #expect(error == .tooLarge(limit: 10_000) || error.label == "bad_response", "\(error)")
    }

    /// We ask for no coding; what comes coded all the same is given as it came.
    @Test func compressedBomb_staysCompressed() async throws {
        let bomb = try await FinishedProgram.run(["sh", "-c", "head -c 9000000 /dev/zero | gzip -9"]).output
        let bytes = Array(bomb)
        try #require(bytes.count > 1000 && bytes.count < 10_000)
        let coded = try await ending(timeout: .seconds(120)) { connection in
            connection.answer(bytes, headers: "Content-Encoding: gzip\r\n")
        }
        #expect(try coded.get().body == bytes)
        // A transfer coding that nobody asked for.
        let transferred = try await ending(timeout: .seconds(120)) { connection in
            let size = String(bytes.count, radix: 16)
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n\(size)\r\n")
            connection.write(bytes)
            connection.write("\r\n0\r\n\r\n")
        }
        switch transferred {
        case .success(let response): #expect(response.body == bytes)
        case .failure(let error): #expect(["too_large", "bad_response"].contains(error.label), "\(error)")
        }
    }

    @Test func serverThatResets_isConnectionLost() async throws {
        for start in ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"] {
            let ending = try await ending(timeout: .seconds(120)) { connection in
                connection.write(start)
                connection.reset()
            }
            guard case .failure(.connectionLost(let cause)) = ending else {
                Issue.record("\(ending)")
                continue
            }
            #expect(cause.requestWasSent)
        }
    }

    /// Neither another address nor another protocol, whatever an answer says.
    @Test(arguments: [
        "301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect", "200 OK",
        "401 Unauthorized", "407 Proxy Authentication Required",
    ])
    func answerThatPointsElsewhere_isAnAnswerAndNothingMore(status: String) async throws {
        let elsewhere = try LocalServer.answering { connection, _ in connection.answer([9]) }
        defer { elsewhere.stop() }
        let server = try LocalServer.answering { connection, _ in
            connection.answer(
                [1], status: status,
                headers: """
                    Location: \(elsewhere.url)/\r
                    Refresh: 0; url=\(elsewhere.url)/\r
                    Alt-Svc: http/1.1="127.0.0.1:\(elsewhere.port)"; ma=99999, h2="127.0.0.1:\(elsewhere.port)"\r
                    Strict-Transport-Security: max-age=99999\r
                    Set-Cookie: a=b\r
                    WWW-Authenticate: Basic realm="x", NTLM, Negotiate\r
                    Proxy-Authenticate: Basic realm="x"\r\n
                    """)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        for _ in 0..<3 {
            let response = try await client.send(OutboundRequest(method: .post, url: server.url, body: [1, 2]))
            #expect("\(response.status)" == status.prefix(3) && response.body == [1])
        }
        #expect(elsewhere.accepted == 0)
        #expect(server.accepted == 1)
    }

    /// A protocol that the client did not offer is not changed to.
    @Test func switchOfProtocols_isNoAnswer() async throws {
        let ending = try await ending(timeout: .milliseconds(500)) { connection in
            connection.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
            connection.waitForEnd()
        }
        guard case .failure = ending else {
            Issue.record("\(ending)")
            return
        }
    }

    /// A body that the server does not take off the wire.
    @Test func serverThatReadsNothing_isLeftAtTheDeadline() async throws {
        let server = try LocalServer { connection in
            // Longer than the call; nothing is read meanwhile.
            sleep(5)
            connection.reset()
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let body = [UInt8](repeating: 1, count: 30_000_000)
        let request = OutboundRequest(method: .post, url: server.url, body: body, timeout: .seconds(2))
        let error = await client.failure(of: request)
        #expect(error?.label == "timed_out" && error?.mayHaveActed == true, "\(String(describing: error))")
    }
}
