import Domain
import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@testable import ControlAPI

/// Two thousand open streams and the calls beside them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ManyStreamsTests {
    private static let streams = 2000
    private static let callsPerSecond = 200

    /// The process's own memory, in bytes; what is shared counts by its share.
    private static func memory() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Pss:") })
        return (Int(line.split(separator: " ")[1]) ?? 0) * 1024
    }

    @Test(.enabled(if: DescriptorLimit.raise(to: 16_384) >= 5000))
    func streamsAndCallsBesideThem_goOnWithoutAnError() async throws {
        let harness = try APIHarness(clock: SystemClock())
        let live = try LiveServer(harness.api)
        let running = Task { await harness.events.run() }
        let path = try await harness.session()
        let id = try #require(SessionID(path.dropFirst("/v1/sessions/".count)))
        let crowd = StreamCrowd(port: live.port)
        let listening = Task { try await offThePool { crowd.listen() } }
        try await fill(crowd, path)

        async let failures = calls(live, path, seconds: 3)
        for number in 0..<20 {
            harness.eventLog.append(number % 2 == 0 ? id : SessionID(uuid: UUID()), padding: 200)
            harness.events.wake()
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await failures == [])
        // The first half of the crowd follow the session, with every second event, the rest everything.
        let wanted = Double(Self.streams / 2 * 30)
        #expect(await eventually { harness.events.metrics.sent.value == wanted })
        await harness.events.stop(deadline: .seconds(20))
        #expect(harness.events.metrics.streams.value == 0)
        await live.server.stop()
        #expect(await eventually { crowd.received.allSatisfy { $0.suffix(5) == Array("0\r\n\r\n".utf8) } })
        crowd.leave()
        try await listening.value
        await running.value
        check(crowd, harness.eventLog.all, id)
    }

    /// Lets them come in quarters, and tells what each one costs.
    private func fill(_ crowd: StreamCrowd, _ path: String) async throws {
        @Sendable func request(_ target: String) -> String {
            "GET \(target)?heartbeat_s=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\n\r\n"
        }
        var memory = [try Self.memory()]
        for quarter in 1...4 {
            let target = quarter <= 2 ? "\(path)/events" : "/v1/events"
            try await offThePool { try crowd.join(Self.streams / 4, request(target)) }
            #expect(await eventually { crowd.served == Self.streams / 4 * quarter })
            memory.append(try Self.memory())
        }
        let each = (memory[4] - memory[1]) / (Self.streams / 4 * 3)
        print("event streams: \(each / 1024) KiB each, from \(memory.map { $0 >> 20 }) MiB")
        // Twice what a stream's own buffers may hold; other suites run beside this one.
        #expect(each < 256 * 1024)
    }

    /// What went wrong with calls, made at the rate by eight clients.
    private func calls(_ live: LiveServer, _ path: String, seconds: Int) async throws -> [String] {
        let begin = ContinuousClock.now
        let (clients, count) = (8, Self.callsPerSecond * seconds)
        let failures = try await withThrowingTaskGroup(of: [String].self) { group in
            for client in 0..<clients {
                group.addTask {
                    let connection = try live.connect()
                    var failures: [String] = []
                    for number in stride(from: client, to: count, by: clients) {
                        let moment = begin + .seconds(1) / Self.callsPerSecond * number
                        try await ContinuousClock().sleep(until: moment)
                        try await connection.send(
                            "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\n\r\n")
                        let answer = try await connection.receive { $0.last == UInt8(ascii: "}") }
                        let text = String(decoding: answer, as: UTF8.self)
                        if !text.hasPrefix("HTTP/1.1 200 ") { failures.append(text) }
                    }
                    return failures
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let time = ContinuousClock.now - begin
        print("calls beside the streams: \(count) in \(time)")
        return failures
    }

    /// Each has every event of its own once and in order, and its last event.
    private func check(_ crowd: StreamCrowd, _ events: [StoredEvent], _ id: SessionID) {
        let all = events.map(\.id.description), own = events.filter { $0.sessionID == id }.map(\.id.description)
        let wrong = crowd.received.enumerated().filter { index, bytes in
            var text = EventStreamText()
            text.take(bytes)
            let isRight = text.ids == (index < Self.streams / 2 ? own : all)
            return !isRight || text.closing != #"{"reason":"shutting_down"}"#
        }
        #expect(wrong.map(\.offset) == [])
    }
}
