import Domain
import Foundation
import TestSupport
import Testing

/// Answers that nobody would write, many of them, the same at each run.
struct EnvelopeFuzzTests {
    @Test(arguments: 1...8)
    func whateverIsAnswered_theCallerGetsAnEnvelopeOrAnError_withinTheLimits(seed: UInt64) throws {
        var random = Seeded(seed: seed)
        for _ in 0..<1500 {
            let body = Self.body(&random)
            let status = [200, 201, 204, 299, 302, 400, 404, 500, 503].randomElement(using: &random) ?? 200
            let answer = HandlerAnswer(status: status, body: body)
            for envelope in RPCEnvelope.allCases {
                switch envelope.result(of: answer) {
                case .success(let text):
                    #expect((200...299).contains(status) && text.utf8.count <= RPCLimits.payloadBytes)
                    if envelope == .json { try Self.expectEnvelope(text) }
                case .failure(let error):
                    #expect(error.message.utf8.count <= RPCLimits.errorMessageBytes)
                    #expect((error.data ?? "").utf8.count <= RPCLimits.errorDataBytes)
                    #expect(RPCError.code(ofAnswer: Int64(error.code)) != nil)
                }
            }
            let payload = String(decoding: body, as: UTF8.self)
            if let refusal = RPCEnvelope.json.refusal(of: payload) { try Self.expectEnvelope(refusal) }
        }
    }

    /// What Foundation takes for JSON, this one does too, and the other way
    /// round; but where Foundation is laxer than RFC 8259 or has bounds of its own.
    @Test(arguments: 1...4)
    func generatedJSON_isTaken_andMeansTheSame(seed: UInt64) throws {
        var random = Seeded(seed: seed)
        for _ in 0..<800 {
            let text = Self.json(&random, depth: 0, spaced: true)
            let compact = try JSONText(text).compact
            let before = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            let after = try JSONSerialization.jsonObject(with: Data(compact.utf8), options: .fragmentsAllowed)
            #expect((before as? NSObject) == (after as? NSObject))
            #expect(compact.utf8.count <= text.utf8.count)
        }
    }

    private static func expectEnvelope(_ text: String) throws {
        let object = try JSONText(text)
        #expect(object.hasBooleanSuccess && object.compact == text)
    }

    /// JSON, JSON with a few bytes changed, or noise.
    private static func body(_ random: inout Seeded) -> [UInt8] {
        var bytes = Array(json(&random, depth: 0, spaced: true).utf8)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return bytes
        case 1: return (0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        case 2:
            bytes.removeLast(min(bytes.count, Int.random(in: 0...3, using: &random)))
            return bytes
        case 3:
            return Array(
                #"{"error":{"code":\#(Int64.random(in: -10...3000, using: &random)),"message":"\#(string(&random))"}}"#
                    .utf8)
        default:
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            return bytes
        }
    }

    private static func json(_ random: inout Seeded, depth: Int, spaced: Bool) -> String {
        let space = spaced && Bool.random(using: &random) ? " \n" : ""
        let members = depth > 4 ? 0 : Int.random(in: 0...4, using: &random)
        switch Int.random(in: 0..<(depth > 5 ? 5 : 8), using: &random) {
        case 0: return space + "null"
        case 1: return Bool.random(using: &random) ? "true" : "false"
        case 2: return "\(Int64.random(in: .min ... .max, using: &random))" + space
        case 3: return "\(Int.random(in: -99...99, using: &random)).\(UInt16.random(in: 0...999, using: &random))e-2"
        case 4: return "\"\(string(&random))\""
        case 5, 6:
            let values = (0..<members).map { _ in json(&random, depth: depth + 1, spaced: spaced) }
            return "[\(space)\(values.joined(separator: space + ","))\(space)]"
        default:
            let pairs = (0..<members).map { number in
                let key = Bool.random(using: &random) ? "success" : "\(string(&random))\(number)"
                return "\"\(number)\(key)\"\(space):\(json(&random, depth: depth + 1, spaced: spaced))"
            }
            return "{\(space)\(pairs.joined(separator: ",\(space)"))}"
        }
    }

    private static func string(_ random: inout Seeded) -> String {
        let pieces = [
            "a", "é", "😀", #"\n"#, #"\""#, #"\\"#, #"\u00e9"#, #"\ud83d\ude00"#, " ", "success", "{", "]", "0",
        ]
        return (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            .joined()
    }
}
