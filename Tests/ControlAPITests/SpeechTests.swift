import Domain
import HTTPServer
import Testing

@testable import ControlAPI

struct SpeechTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    private var speech: FakeSpeech {
        var speech = FakeSpeech()
        harness.sessions.configure { speech = $0.speech }
        return speech
    }

    private func say(
        _ bytes: [UInt8], _ query: String = "", type: String = "audio/wav", on path: String? = nil
    ) async throws -> Answer {
        let session: String
        if let path { session = path } else { session = try await harness.session() }
        let headers: HTTPHeaders = ["Authorization": "Bearer dev-key", "Content-Type": type]
        return try await harness.send(.post, "\(session)/speech\(query)", bytes: bytes, headers: headers)
    }

    /// A request whose body comes as `body` gives it.
    private func stream(_ type: String, _ body: HTTPRequestBody) async throws -> Answer {
        let path = try await harness.session()
        var request = HTTPRequest(
            method: .post, target: try #require(HTTPTarget("\(path)/speech")),
            headers: ["Authorization": "Bearer dev-key", "Content-Type": type])
        request.bodyStream = body
        return Answer(await harness.api.respond(to: request))
    }

    @Test func speech_isPlayedAndAnswered() async throws {
        let sound = Sound.tone(milliseconds: 600)
        let answer = try await say(Sound.wav(sound))
        #expect(answer.status == 201)
        #expect(
            answer.text == """
                {"id":"\(try #require(try answer.json()["id"] as? String))","status":"completed","duration_ms":600,\
                "played_ms":600,"created_at":"2026-11-22T10:31:07.123456Z","started_at":"2026-11-22T10:31:07.143456Z",\
                "ended_at":"2026-11-22T10:31:07.743456Z"}
                """)
        #expect(speech.samples == sound)
        #expect(harness.sessions.lastCall == .speak(interrupt: false, wait: .seconds(600), actor: "dev"))
    }

    @Test func interruptAndWait_arePassedOn() async throws {
        let answer = try await say(Sound.wav(Sound.tone(milliseconds: 20)), "?interrupt=true&wait_ms=0")
        #expect(harness.sessions.lastCall == .speak(interrupt: true, wait: .zero, actor: "dev"))
        #expect(answer.status == 202)
        #expect(try answer.json()["status"] as? String == "playing")
        #expect(answer.text.hasSuffix(#""ended_at":null}"#))
    }

    @Test func speech_thatWasStopped_isOverAndSaysSo() async throws {
        speech.end(as: .interrupted)
        let answer = try await say(Sound.wav(Sound.tone(milliseconds: 400)))
        #expect(answer.status == 201)
        #expect(try answer.json()["status"] as? String == "interrupted")
        #expect(try answer.json()["played_ms"] as? Int == 200)
    }

    @Test(arguments: [
        ("audio/wav", 24_000, 1), ("audio/x-wav", 44_100, 2), ("audio/L16;rate=24000", 24_000, 1),
        ("audio/l16; channels=2; rate=16000", 16_000, 2),
    ])
    func speech_ofAnyRateAndWidth_isBroughtToOurs(_ type: String, _ rate: Int, _ channels: Int) async throws {
        let mono = Sound.tone(500, rate: rate, milliseconds: 500)
        let samples = mono.flatMap { [Int16](repeating: $0, count: channels) }
        let isWAV = type.contains("wav")
        let bytes = isWAV ? Sound.wav(samples, rate: rate, channels: channels) : Sound.bigEndian(samples)
        #expect(try await say(bytes, type: type).status == 201)
        #expect(speech.samples.count == 24_000)
        #expect(abs(Sound.frequency(of: speech.samples, rate: 48_000) - 500) < 2)
    }

    @Test func speech_isHeardWhileItsUploadGoesOn() async throws {
        let sound = Sound.tone(milliseconds: 200)
        let (pieces, upload) = AsyncStream<[UInt8]>.makeStream()
        let progress = speech.progress
        async let answer = stream(
            "audio/wav",
            HTTPRequestBody { () async throws(HTTPBodyError) in
                for await piece in pieces { return piece }
                return nil
            })
        var heard = progress.makeAsyncIterator()
        upload.yield(Array(Sound.wav(sound).prefix(44 + 4800)))
        #expect(await heard.next() == 2400)
        upload.yield(Array(Sound.wav(sound).dropFirst(44 + 4800)))
        #expect(await heard.next() == 9600)
        upload.finish()
        #expect(try await answer.status == 201)
        #expect(speech.samples == sound)
    }

    static let bad: [(String, [UInt8], String)] = [
        ("no byte", [], "empty"),
        ("a text", Array("Hello, I am not a WAV file at all, I am but a text.".utf8), "not a WAV file"),
        ("JSON", Array(#"{"text":"hello"}"#.utf8), "not a WAV file"),
        ("a header only", Array(Sound.wav([]).prefix(30)), "header"),
        ("no sound", Sound.wav([]), "no samples"),
        ("24 bits", Sound.wav([1, 2, 3], bits: 24), "24 bits"),
        ("floats", Sound.wav([1, 2, 3, 4], bits: 32, tag: 3), "16-bit linear PCM"),
        ("three channels", Sound.wav([1, 2, 3], channels: 3), "3 channels"),
        ("no rate", Sound.wav([1, 2, 3], rate: 4000), "4000 samples"),
        ("a truncated file", Array(Sound.wav(Sound.tone(milliseconds: 100)).prefix(4044)), "ends too soon"),
    ]

    @Test(arguments: bad)
    func badAudio_is400SayingWhatIsWrong(_ what: String, _ bytes: [UInt8], _ words: String) async throws {
        let answer = try await say(bytes)
        #expect(answer.status == 400)
        let json = try answer.json()
        #expect(json["type"] as? String == "/problems/bad-audio")
        #expect(try answer.fields() == ["body"])
        let detail = try #require(json["detail"] as? String)
        #expect(detail.contains(words), "\(what): \(detail)")
        #expect(detail.first?.isUppercase == true && detail.hasSuffix("."))
        #expect(speech.hasFailed)
    }

    @Test func audioThatTurnsBadInTheMiddle_isStillItsProblem() async throws {
        let answer = try await stream(
            "audio/L16;rate=48000", body([Sound.bigEndian(Sound.tone(milliseconds: 100)), [0x12]]))
        #expect(answer.status == 400)
        #expect(try answer.json()["type"] as? String == "/problems/bad-audio")
        #expect(speech.samples.count == 4800)
        #expect(speech.hasFailed)
    }

    /// A body of these pieces, and then its end or an error.
    private func body(_ pieces: [[UInt8]], _ end: HTTPBodyError? = nil) -> HTTPRequestBody {
        let (stream, input) = AsyncStream<[UInt8]>.makeStream()
        for piece in pieces { input.yield(piece) }
        input.finish()
        return HTTPRequestBody { () async throws(HTTPBodyError) in
            for await piece in stream { return piece }
            if let end { throw end }
            return nil
        }
    }

    @Test(arguments: [
        (HTTPBodyError.pauseTooLong, 408, "request-timeout"), (.tookTooLong, 408, "request-timeout"),
        (.tooManyBytes, 413, "body-too-large"), (.clientGone, 400, "malformed-request"),
        (.cancelled, 400, "malformed-request"), (.serverStopping, 503, "shutting-down"),
        (.answered, 500, "internal-error"), (.overlappingRead, 500, "internal-error"),
    ])
    func uploadsThatBreakOff_endTheSpeechWithTheirProblem(
        _ error: HTTPBodyError, _ status: Int, _ slug: String
    ) async throws {
        let answer = try await stream(
            "audio/wav", body([Array(Sound.wav(Sound.tone(milliseconds: 500)).prefix(9644))], error))
        #expect(answer.status == status)
        #expect(try answer.json()["type"] as? String == "/problems/\(slug)")
        #expect(speech.samples.count == 4800)
        #expect(speech.hasFailed)
    }

    @Test func speechThatSaysItIsLongerThanTenMinutes_is413BeforeAnythingIsHeard() async throws {
        let answer = try await say(Sound.wav([1, 2, 3], rate: 8000, announced: 8000 * 2 * 601))
        #expect(answer.status == 413)
        #expect(try answer.json()["type"] as? String == "/problems/audio-too-long")
        #expect(try answer.fields() == ["body"])
        #expect(speech.samples.isEmpty)
    }

    @Test(arguments: [(600, 201), (601, 413)])
    func speech_mayBeTenMinutesLongAndNoLonger(_ seconds: Int, _ status: Int) async throws {
        let second = [UInt8](repeating: 0, count: 16_000)
        let answer = try await stream("audio/L16;rate=8000", body(Array(repeating: second, count: seconds)))
        #expect(answer.status == status)
        #expect(speech.hasFailed == (status == 413))
    }

    @Test(arguments: [
        "", "application/json", "audio/mpeg", "audio/wav, audio/wav", "audio/L16", "audio/L16;rate=abc",
        "audio/L16;rate=4000", "audio/L16;rate=16000;channels=3", "wav",
    ])
    func otherContentTypes_are415NamingWhatIsTaken(_ type: String) async throws {
        let answer = try await say(Sound.wav([1, 2, 3]), type: type)
        #expect(answer.status == 415)
        #expect(try answer.header("Accept") == "audio/wav, audio/L16")
        #expect(try answer.json()["type"] as? String == "/problems/unsupported-media-type")
        if case .speak = harness.sessions.lastCall { Issue.record("the speech was begun") }
    }

    @Test func twoContentTypes_are415() async throws {
        let path = try await harness.session()
        let headers: HTTPHeaders = [
            "Authorization": "Bearer dev-key", "Content-Type": "audio/wav", "content-type": "audio/wav",
        ]
        #expect(try await harness.send(.post, "\(path)/speech", bytes: [1], headers: headers).status == 415)
    }

    @Test(arguments: [
        ("interrupt=1", "interrupt"), ("interrupt=", "interrupt"), ("interrupt=true&interrupt=true", "interrupt"),
        ("wait_ms=600001", "wait_ms"), ("wait_ms=-1", "wait_ms"), ("voice=ava", "voice"),
    ])
    func badQueries_are400NamingTheParameter(_ query: String, _ field: String) async throws {
        let answer = try await say(Sound.wav([1, 2, 3]), "?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == [field])
    }

    @Test func speech_onASessionThatIsOver_is409() async throws {
        let path = try await harness.session()
        _ = try await harness.send(.delete, path)
        #expect(try await say(Sound.wav([1, 2, 3]), on: path).status == 409)
        #expect(try await harness.send(.post, "\(path)/interrupt").status == 409)
    }

    @Test func speech_whileTooManyWait_is503() async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.failure = .overloaded("16 speeches wait already.") }
        let answer = try await say(Sound.wav([1, 2, 3]), on: path)
        #expect(answer.status == 503)
        #expect(try answer.header("Retry-After") == "1")
    }

    @Test func interrupt_saysWhatWasStopped() async throws {
        let path = try await harness.session()
        let nothing = try await harness.send(.post, "\(path)/interrupt")
        #expect(nothing.status == 200)
        #expect(nothing.text == #"{"interrupted":false,"speech_id":null,"played_ms":null,"dropped_speeches":0}"#)
        let stopped = FakeSpeech.speech(milliseconds: 900, .interrupted)
        speech.answer(SpeechInterruption(speech: stopped, dropped: 2))
        let answer = try await harness.send(.post, "\(path)/interrupt")
        #expect(
            answer.text
                == #"{"interrupted":true,"speech_id":"\#(stopped.id)","played_ms":450,"dropped_speeches":2}"#)
        #expect(harness.sessions.lastCall == .interrupt(actor: "dev"))
        #expect(try await harness.send(.post, "\(path)/interrupt", "{}").fields() == ["body"])
    }

    @Test func bodyRule_streamsSpeechAlone() throws {
        func rule(_ method: HTTPMethod, _ target: String) -> HTTPBodyRule {
            harness.api.bodyRule(HTTPRequestHead(method: method, rawTarget: target, headers: [:]))
        }
        let limits = HTTPBodyStreamLimits(bytes: 67_108_864, pause: .seconds(10), whole: .seconds(1800))
        #expect(rule(.post, "/v1/sessions/x/speech?interrupt=true") == .streamed(limits))
        #expect(rule(.post, "http://host/v1/sessions/x/speech") == .streamed(limits))
        #expect(rule(.put, "/v1/sessions/x/speech") == .collected)
        #expect(rule(.post, "/v1/sessions/x/interrupt") == .collected)
        #expect(rule(.post, "/v1/sessions") == .collected)
        #expect(rule(.post, "no target") == .collected)
    }
}
