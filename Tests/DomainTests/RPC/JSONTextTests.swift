import Domain
import Foundation
import Testing

struct JSONTextTests {
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("false", "false"), ("0", "0"), ("-0", "-0"), ("12.50", "12.50"),
        ("1e5", "1e5"), ("1E+05", "1E+05"), ("-1.5e-3", "-1.5e-3"),
        ("123456789012345678901234567890123456789", "123456789012345678901234567890123456789"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"), ("1e400", "1e400"),
        (#""""#, #""""#), (#"" a b ""#, #"" a b ""#), (#""h\u00e9\n\"\\\/""#, #""h\u00e9\n\"\\\/""#),
        (#""\ud83d""#, #""\ud83d""#), ("\"é😀\"", "\"é😀\""), ("[]", "[]"), ("[ ]", "[]"), ("{ }", "{}"),
        ("[1, 2 ,[3] , {}]", "[1,2,[3],{}]"), (#"{ "b" : 1 , "a":2, "b": 3 }"#, #"{"b":1,"a":2,"b":3}"#),
        ("\t\r\n{\n\t\"a\"\r:\n[ ]\n}\n", #"{"a":[]}"#), ("\u{FEFF}{}", "{}"),
        (#"{"":{"":{"":[{}]}}}"#, #"{"":{"":{"":[{}]}}}"#),
    ])
    func whatIsJSON_staysAsItIs_withoutItsSpaces(text: String, compact: String) throws {
        #expect(try JSONText(text).compact == compact)
        #expect(try JSONText(compact).compact == compact)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "truefalse", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN",
        "Infinity",
        "'a'", "\"", "\"a", "\"\\\"", #""\x""#, #""\u12g4""#, #""\u12""#, "\"\n\"", "\"\u{0}\"", "[", "]", "[1", "[1,",
        "[1,]",
        "[,1]", "[1 2]", "{", "}", "{]", "[}", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
        "{\"a\" 1}", "{}{}", "[] []", "1 2", "// x\n1", "/*x*/1", "\u{A0}1", "1\u{0}", "\u{FEFF}", "hello", "{\"a\":1",
        "\u{FEFF}\u{FEFF}1",
    ])
    func whatIsNotJSON_isRefused(text: String) {
        #expect(throws: JSONText.Problem.notJSON) { try JSONText(text) }
    }

    @Test(
        arguments: [
            [0xFF], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xC0, 0xAF], [0x22, 0xF8, 0x22],
            [0xFE, 0xFF, 0, 0x31],
            [0xEF, 0xBB],
        ] as [[UInt8]])
    func bytesThatAreNoUTF8_areRefused(bytes: [UInt8]) {
        #expect(throws: JSONText.Problem.notJSON) { try JSONText(bytes) }
    }

    @Test func theDepthIsBounded_andNeverGoesOnTheStack() throws {
        let most = JSONText.depth
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try JSONText(nested(most)).compact == nested(most))
        #expect(throws: JSONText.Problem.tooDeep) { try JSONText(nested(most + 1)) }
        #expect(throws: JSONText.Problem.tooDeep) { try JSONText(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONText.Problem.tooDeep) { try JSONText(String(repeating: #"{"a":"#, count: 200_000)) }
    }

    @Test(arguments: [
        (#"{"success":true}"#, true), (#"{"success":false,"error":"x"}"#, true), (#"{"a":1, "success" : true}"#, true),
        (#"{"success":1}"#, false), (#"{"success":"true"}"#, false), (#"{"success":null}"#, false), ("{}", false),
        (#"{"success":{"success":true}}"#, false), (#"{"a":{"success":true}}"#, false), (#"[{"success":true}]"#, false),
        (#"{"Success":true}"#, false), (#"{"success ":true}"#, false), (#""success""#, false), ("true", false),
        (#"{"success":true,"success":1}"#, false), (#"{"success":1,"success":false}"#, true),
        (#"{"\u0073uccess":true}"#, true), (#"{"\u0053uccess":true}"#, false), (#"{"a":"success","b":true}"#, false),
        (#"{"success":[],"b":true}"#, false), (#"{"a":[{"success":1}],"success":true}"#, true),
    ])
    func aBooleanSuccess_isSeenInTheOutermostObjectAlone(text: String, expected: Bool) throws {
        #expect(try JSONText(text).hasBooleanSuccess == expected)
    }
}
