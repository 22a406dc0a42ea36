import Domain
import Testing

struct EnvelopeTests {
    private static let noJSON = #"{"success":false,"error":"The payload is not JSON."}"#
    private static let answerNoJSON = #"{"success":false,"error":"The backend's answer is not JSON."}"#

    @Test(arguments: [
        ("", nil), ("  \n", nil), ("{}", nil), ("[1,2]", nil), ("\"x\"", nil), ("null", nil), ("1e999", nil),
        (#"{"a":1,"a":2}"#, nil), ("hello", noJSON), ("{", noJSON), ("{'a':1}", noJSON), ("\u{0}", noJSON),
        ("é", noJSON),
        (String(repeating: "[", count: 15_000), #"{"success":false,"error":"The payload is nested too deeply."}"#),
    ])
    func aPayload_isLookedAt_beforeAnybodyIsAsked(payload: String, refusal: String?) {
        #expect(RPCEnvelope.json.refusal(of: payload) == refusal)
        #expect(RPCEnvelope.raw.refusal(of: payload) == nil)
    }

    @Test(arguments: [
        (200, "", #"{"success":true,"result":null}"#), (204, "", #"{"success":true,"result":null}"#),
        (204, "ignored", #"{"success":true,"result":null}"#), (200, " \r\n", #"{"success":true,"result":null}"#),
        (200, "{}", #"{"success":true,"result":{}}"#), (200, "[1, 2]", #"{"success":true,"result":[1,2]}"#),
        (200, "null", #"{"success":true,"result":null}"#), (200, "\"x\"", #"{"success":true,"result":"x"}"#),
        (299, "7", #"{"success":true,"result":7}"#),
        (201, #"{"state": "shipped"}"#, #"{"success":true,"result":{"state":"shipped"}}"#),
        (200, #"{ "success": true, "result": {"a": 1} }"#, #"{"success":true,"result":{"a":1}}"#),
        (200, #"{"success":false,"error":"no such order"}"#, #"{"success":false,"error":"no such order"}"#),
        (200, #"{"success":"yes"}"#, #"{"success":true,"result":{"success":"yes"}}"#),
        (200, "123456789012345678901234567890", #"{"success":true,"result":123456789012345678901234567890}"#),
        (200, #"{"b":1,"a":2,"b":3}"#, #"{"success":true,"result":{"b":1,"a":2,"b":3}}"#),
        (200, "1.0", #"{"success":true,"result":1.0}"#), (200, "<html>", answerNoJSON), (200, "{\"a\":", answerNoJSON),
        (200, "ok", answerNoJSON), (200, "\u{FEFF}{\"a\":1}", #"{"success":true,"result":{"a":1}}"#),
        (
            200, String(repeating: "[", count: 2000),
            #"{"success":false,"error":"The backend's answer is nested too deeply."}"#
        ),
    ])
    func aSuccess_isEnveloped(status: Int, body: String, answer: String) {
        #expect(RPCEnvelope.json.result(of: HandlerAnswer(status: status, body: Array(body.utf8))) == .success(answer))
    }

    @Test(arguments: [(200, ""), (200, "plain"), (200, "{\"a\": 1}"), (201, "héllo\u{0}"), (299, " ")])
    func raw_passesTheTextOn(status: Int, body: String) {
        #expect(RPCEnvelope.raw.result(of: HandlerAnswer(status: status, body: Array(body.utf8))) == .success(body))
        #expect(RPCEnvelope.raw.result(of: HandlerAnswer(status: 204, body: Array(body.utf8))) == .success(""))
    }

    @Test func bytesThatAreNoText_areAnError() {
        let answer = HandlerAnswer(status: 200, body: [0x61, 0xFF])
        #expect(RPCEnvelope.json.result(of: answer) == .success(Self.answerNoJSON))
        #expect(RPCEnvelope.raw.result(of: answer) == .failure(RPCError(.backendNotText)))
    }

    @Test(arguments: [
        (400, #"{"error":{"code":1500,"message":"m"}}"#, RPCError(code: 1500, message: "m")),
        (500, #"{"error":{"code":1400,"message":"m","data":"d"}}"#, RPCError(code: 1400, message: "m", data: "d")),
        (404, #"{"error":{"code":1505,"message":""}}"#, RPCError(code: 1505, message: "")),
        (409, #"{"error":{"code":1000,"message":"m"}}"#, RPCError(code: 1000, message: "m")),
        (409, #"{"error":{"code":2000,"message":"m"}}"#, RPCError(code: 2000, message: "m")),
        (409, #"{"error":{"code":0,"message":"m"}}"#, RPCError(code: 0, message: "m")),
        (409, #"{"error":{"code":4294967295,"message":"m"}}"#, RPCError(code: .max, message: "m")),
        (599, #"{"x":1,"error":{"code":42,"message":"m","more":[]}}"#, RPCError(code: 42, message: "m")),
        (500, #"{"error":{"code":42,"message":"m","data":null}}"#, RPCError(code: 42, message: "m")),
        (500, #"{"error":{"code":1001,"message":"m"}}"#, nil), (500, #"{"error":{"code":1999,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":1399,"message":"m"}}"#, nil), (500, #"{"error":{"code":1506,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":-1,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":4294967296,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":99999999999999999999999,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":"1500","message":"m"}}"#, nil), (500, #"{"error":{"code":1500}}"#, nil),
        (500, #"{"error":{"code":1500,"message":7}}"#, nil), (500, #"{"error":{"code":1.5,"message":"m"}}"#, nil),
        (500, #"{"error":{"code":1500,"message":"m","data":{}}}"#, nil), (500, #"{"error":"boom"}"#, nil),
        (503, "", nil),
        (502, "<html>Bad Gateway</html>", nil), (301, "", nil), (404, "[]", nil), (500, "{", nil),
        (500, String(repeating: "[", count: 60_000), nil), (500, #"{"error":null}"#, nil),
    ])
    func anythingElse_isAnRPCError(status: Int, body: String, error: RPCError?) {
        let answer = HandlerAnswer(status: status, body: Array(body.utf8))
        let expected =
            error
            ?? RPCError(
                code: 1500, message: "Application error in method handler",
                data: #"{"reason":"backend_status","status":\#(status)}"#)
        for envelope in RPCEnvelope.allCases { #expect(envelope.result(of: answer) == .failure(expected)) }
    }

    @Test func theLimits_holdOnTheWayOut() throws {
        let limit = RPCLimits.payloadBytes
        func answer(_ count: Int) -> HandlerAnswer {
            HandlerAnswer(status: 200, body: Array("\"\(String(repeating: "x", count: count - 2))\"".utf8))
        }
        let frame = #"{"success":true,"result":}"#.utf8.count
        #expect(try RPCEnvelope.json.result(of: answer(limit - frame)).get().utf8.count == limit)
        #expect(RPCEnvelope.json.result(of: answer(limit - frame + 1)) == .failure(RPCError(.responsePayloadTooLarge)))
        #expect(try RPCEnvelope.raw.result(of: answer(limit)).get().utf8.count == limit)
        #expect(RPCEnvelope.raw.result(of: answer(limit + 1)) == .failure(RPCError(.responsePayloadTooLarge)))
        // Spaces do not count: they are not sent.
        let wide = Array((String(repeating: " ", count: 40_000) + "1").utf8)
        #expect(
            RPCEnvelope.json.result(of: HandlerAnswer(status: 200, body: wide))
                == .success(#"{"success":true,"result":1}"#))
        let long = String(repeating: "é", count: 20_000)
        let body = Array(#"{"error":{"code":42,"message":"a\#(long)","data":"a\#(long)"}}"#.utf8)
        let error = RPCEnvelope.json.result(of: HandlerAnswer(status: 500, body: body)).error
        #expect(error?.message.utf8.count == 255 && error?.data?.utf8.count == 15_359)
        #expect(error?.message.allSatisfy { $0 == "a" || $0 == "é" } == true)
    }

    @Test(arguments: [
        ("7", #"{"success":true,"result":7}"#), ("null", #"{"success":true,"result":null}"#),
        (#"{"success":false,"error":"no"}"#, #"{"success":false,"error":"no"}"#),
        (#"{"success": 1}"#, #"{"success":true,"result":{"success":1}}"#),
    ])
    func aPolledAnswer_isEnveloped(result: String, answer: String) throws {
        #expect(try RPCEnvelope.json.result(of: .result(result)) == .success(answer))
    }

    @Test func aPolledAnswer_thatIsNoneForTheEnvelope_isRefused_namingTheField() throws {
        #expect(try RPCEnvelope.raw.result(of: .result(#""h\u00e9 \"x\"""#)) == .success(#"hé "x""#))
        for (envelope, result) in [
            (RPCEnvelope.raw, "7"), (.raw, "{}"), (.raw, "null"), (.raw, #""\ud800""#), (.raw, "x"), (.json, "x"),
            (.json, ""),
        ] {
            #expect { try envelope.result(of: .result(result)) } throws: { error in
                guard case TurngateError.invalid(let fields) = error else { return false }
                return fields.map(\.field) == ["result"]
            }
        }
        let error = RPCError(code: 7, message: String(repeating: "x", count: 300), data: "d")
        #expect(try RPCEnvelope.raw.result(of: .error(error)).error?.message.utf8.count == 256)
    }

    @Test(
        arguments: [
            (HandlerFailure.unreachable("x"), 1500, "backend_unreachable"), (.refused("x"), 1500, "backend_refused"),
            (.broken("x"), 1500, "backend_broken"), (.overloaded, 1500, "backend_overloaded"), (.timeout, 1502, nil),
            (.tooLarge, 1504, nil),
        ] as [(HandlerFailure, UInt32, String?)])
    func noAnswer_isAnRPCError(failure: HandlerFailure, code: UInt32, reason: String?) {
        let error = RPCError(failure)
        #expect(error.code == code && error.data == reason.map { #"{"reason":"\#($0)"}"# })
    }
}
