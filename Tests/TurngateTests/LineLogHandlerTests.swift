import Domain
import Foundation
import Logging
import Synchronization
import Testing

@testable import Turngate

struct LineLogHandlerTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func take(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private static func logger(_ format: LogFormat, _ lines: Lines) -> Logger {
        Logger(label: "test") { LineLogHandler(label: $0, level: .info, format: format) { lines.take($0) } }
    }

    @Test func json_isOneObjectALine_withTheMetadata() throws {
        let lines = Lines()
        var logger = Self.logger(.json, lines)
        logger[metadataKey: "session"] = "ses_1"
        logger.warning("went \"away\"\nreally", metadata: ["reason": "späť"])
        logger.debug("not shown")
        #expect(lines.all.count == 1 && lines.all[0].hasSuffix("}\n"))
        let object = try JSONDecoder().decode([String: String].self, from: Data(lines.all[0].utf8))
        #expect(object["message"] == "went \"away\"\nreally")
        #expect(object["reason"] == "späť" && object["session"] == "ses_1")
        #expect(object["level"] == "warning" && object["logger"] == "test" && object["time"]?.hasSuffix("Z") == true)
    }

    @Test func text_keepsForgedLinesAndEscapesOnOneLine() {
        let lines = Lines()
        Self.logger(.text, lines).info("a\nERROR forged\u{1B}[2J", metadata: ["k": "x y=\"z\""])
        #expect(lines.all.count == 1)
        #expect(lines.all[0].filter { $0 == "\n" }.count == 1)
        #expect(lines.all[0].contains("INFO     a\\nERROR forged\\u{1B}[2J k=\"x y=\\\"z\\\"\""), "\(lines.all[0])")
    }

    @Test func linesWithinARequest_carryItsTraceAndItsID() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") {
            LineLogHandler(label: $0, level: .info, format: .json, metadataProvider: RequestMetadata.provider) {
                lines.take($0)
            }
        }
        let trace = TraceContext.start()
        await TraceContext.$current.withValue(trace) {
            await RequestID.$current.withValue("r-1") {
                logger.info("inside", metadata: ["reason": "x"])
                await Task { logger.info("in a task of it") }.value
                logger.info("own words win", metadata: ["request_id": "r-2"])
            }
        }
        logger.info("outside")
        let objects = try lines.all.map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
        #expect(objects.map { $0["trace_id"] } == [trace.traceID, trace.traceID, trace.traceID, nil])
        #expect(objects.map { $0["request_id"] } == ["r-1", "r-1", "r-2", nil])
        #expect(objects[0]["reason"] == "x")
    }
}
