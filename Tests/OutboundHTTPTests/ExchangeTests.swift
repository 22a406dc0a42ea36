import Foundation
import Synchronization
import TestSupport
import Testing

@testable import OutboundHTTP

@Suite struct ExchangeTests {
    /// Answers with the request's own head and body.
    func mirror() throws -> LocalServer {
        try LocalServer.answering { connection, request in
            connection.answer(Array((request.head.joined(separator: "\n") + "\n\n").utf8) + request.body)
        }
    }

    @Test func get_sendsNothingButItselfAndGivesTheAnswer() async throws {
        let server = try LocalServer.answering { connection, request in
            connection.answer(
                Array(request.head.joined(separator: "\n").utf8), status: "203 Fine",
                headers: "X-One: 1\r\nx-two:  2 \r\nX-One: again\r\n")
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: .get, url: server.url + "/a%20b?c=d#e"))
        #expect(response.status == 203)
        #expect(
            response.headers.dropFirst() == [
                OutboundHeader("X-One", "1"), OutboundHeader("x-two", "2"), OutboundHeader("X-One", "again"),
            ])
        #expect(response.header("X-TWO") == "2")
        #expect(response.header("x-one") == "1")
        #expect(response.header("absent") == nil)
        #expect(
            String(decoding: response.body, as: UTF8.self) == """
                GET /a%20b?c=d HTTP/1.1
                Host: 127.0.0.1:\(server.port)
                User-Agent: turngate
                Accept: */*
                """)
    }

    @Test func post_carriesBodyAndHeaders() async throws {
        let server = try mirror()
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(userAgent: "probe/1"))
        defer { client.close() }
        let response = try await client.send(
            OutboundRequest(
                method: .post, url: server.url + "/twirp/livekit.RoomService/ListRooms",
                headers: [
                    OutboundHeader("Content-Type", "application/json"), OutboundHeader("Authorization", "Bearer t"),
                    OutboundHeader("X-Empty", ""),
                ],
                body: Array("{\"é\":0}".utf8)))
        let lines = String(decoding: response.body, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "POST /twirp/livekit.RoomService/ListRooms HTTP/1.1")
        #expect(lines.contains("User-Agent: probe/1"))
        #expect(lines.contains("Content-Type: application/json"))
        #expect(lines.contains("Authorization: Bearer t"))
        #expect(lines.contains("X-Empty:"))
        #expect(lines.contains("Content-Length: 8"))
        #expect(lines.last == "{\"é\":0}")
    }

    @Test(arguments: [OutboundMethod.post, .put, .patch], [0, 1, 3_000_000])
    func methodWithBody_arrivesWholeWithoutExpectOrAType(method: OutboundMethod, count: Int) async throws {
        let body = [UInt8](repeating: 120, count: count) + Array("the end".utf8.prefix(count))
        let server = try LocalServer.answering { connection, request in
            let unwanted = request.header("Expect") ?? request.header("Content-Type") ?? "none"
            let isWhole = request.body == body && request.header("Content-Length") != nil
            connection.answer(Array("\(request.head[0].prefix { $0 != " " }) \(isWhole) \(unwanted)".utf8))
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: method, url: server.url, body: body))
        #expect(String(decoding: response.body, as: UTF8.self) == "\(method.rawValue) true none")
    }

    @Test(arguments: [("", "none"), ("abc", "3")])
    func delete_isSentWithAndWithoutBody(body: String, length: String) async throws {
        let server = try LocalServer.answering { connection, request in
            connection.answer(
                Array("\(request.head[0]) \(request.header("Content-Length") ?? "none") ".utf8) + request.body)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(
            OutboundRequest(method: .delete, url: server.url + "/x", body: Array(body.utf8)))
        #expect(String(decoding: response.body, as: UTF8.self) == "DELETE /x HTTP/1.1 \(length) \(body)")
    }

    @Test func head_givesHeadersWithoutWaitingForABody() async throws {
        let server = try LocalServer.answering { connection, _ in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: .head, url: server.url, maxResponseBytes: 10))
        #expect(response.header("content-length") == "99999999")
        #expect(response.body.isEmpty)
    }

    @Test(arguments: ["302 Found", "404 Not Found", "503 Service Unavailable"])
    func anyStatus_isAnAnswerAndNoRedirectIsFollowed(status: String) async throws {
        let server = try LocalServer.answering { connection, request in
            connection.answer([], status: request.path == "/" ? status : "200 OK", headers: "Location: /elsewhere\r\n")
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: .get, url: server.url + "/"))
        #expect("\(response.status)" == status.prefix(3))
        #expect(response.header("Location") == "/elsewhere")
    }

    @Test func interimAnswersAndTrailers_areNotTheAnswersHeaders() async throws {
        let server = try LocalServer.answering { connection, _ in
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Real: yes\r\n\r\n")
            connection.write("3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: .get, url: server.url))
        #expect(response.status == 200)
        #expect(response.headers.map(\.name) == ["Transfer-Encoding", "X-Real"])
        #expect(response.body == Array("abcde".utf8))
    }

    @Test func callsOneAfterTheOther_shareAConnection() async throws {
        let server = try mirror()
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        for number in 0..<20 {
            let response = try await client.send(OutboundRequest(method: .get, url: server.url + "/\(number)"))
            #expect(String(decoding: response.body, as: UTF8.self).hasPrefix("GET /\(number) "))
        }
        #expect(server.accepted == 1)
    }

    @Test func keptConnectionThatTheServerClosed_isReplaced() async throws {
        let closed = Signal()
        let server = try LocalServer { connection in
            if connection.readRequest() != nil { connection.answer([1]) }
            closed.raise()
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        for number in 1...3 {
            #expect(try await client.send(OutboundRequest(method: .get, url: server.url)).body == [1])
            #expect(await closed.wait(times: number))
        }
        #expect(server.accepted == 3)
    }

    @Test func fiftyAtOnce_eachGetItsOwnAnswerAndNeverMoreThanAllowedAreUnderWay() async throws {
        let active = Mutex((now: 0, most: 0))
        let server = try LocalServer.answering { connection, request in
            active.withLock { active in
                active.now += 1
                active.most = max(active.most, active.now)
            }
            usleep(2000)
            active.withLock { $0.now -= 1 }
            connection.answer(request.body)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlight: 8, maxQueued: 42))
        defer { client.close() }
        let url = server.url
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let body = Array("call \(number)".utf8)
                    return try await client.send(OutboundRequest(method: .post, url: url, body: body)).body == body
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        let most = active.withLock { $0.most }
        #expect(most <= 8)
        #expect(most > 1)
        #expect(server.accepted <= 8)
    }
}
