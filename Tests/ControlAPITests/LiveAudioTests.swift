import Domain
import HTTPServer
import TestSupport
import Testing

@testable import ControlAPI

/// Audio over a real socket: what comes when, and what is left when one side goes.
@Suite(.serialized) struct LiveAudioTests {
    private let harness: APIHarness
    private let live: LiveServer

    init() throws {
        harness = try APIHarness()
        live = try LiveServer(harness.api)
    }

    /// A stream that has begun: its client, its reader, and what came so far.
    private func open(
        _ query: String, after other: FakeReader? = nil, on server: LiveServer? = nil
    ) async throws -> (client: LiveConnection, reader: FakeReader) {
        let path = try await harness.session(#"{"room":"r\#(query)"}"#)
        let client = try (server ?? live).connect()
        try await client.send(
            "GET \(path)/audio-input/stream\(query) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\n\r\n")
        return (client, try await reader(after: other))
    }

    /// The last reader as soon as it is another one than `other`.
    private func reader(after other: FakeReader?) async throws -> FakeReader {
        while true {
            var readers: [FakeReader] = []
            harness.sessions.configure { readers = $0.readers }
            if let reader = readers.last, reader !== other { return reader }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test(.timeLimit(.minutes(1))) func stream_sendsItsHeaderBeforeAnybodySpeaksThenWhatPassesThenItsEnd() async throws
    {
        let (client, reader) = try await open("?sample_rate=16000")
        let first = try await client.receive { ChunkedAnswer($0).body.count >= 44 }
        let head = ChunkedAnswer(first)
        #expect(head.head.hasPrefix("HTTP/1.1 200 "))
        #expect(head.head.contains("Content-Type: audio/wav\r\n"))
        #expect(head.head.contains("Turngate-Reader: \(reader.id)"))
        #expect(head.body.count == 44)
        #expect(head.body.starts(with: Array("RIFF".utf8) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("WAVE".utf8)))
        #expect(Sound.number(head.body[24..<28]) == 16_000)
        let sound = Sound.tone(500, milliseconds: 1000)
        reader.pass(Array(sound.prefix(24_000)))
        let second = try await client.receive { ChunkedAnswer(first + $0).body.count > 44 }
        reader.pass(Array(sound.dropFirst(24_000)))
        reader.finish()
        let third = try await client.receive { ChunkedAnswer(first + second + $0).isWhole }
        let answer = ChunkedAnswer(first + second + third)
        #expect(answer.isWhole)
        let samples = Sound.samples(answer.body[44...])
        #expect(samples.count == 16_000)
        #expect(abs(Sound.frequency(of: samples, rate: 16_000) - 500) < 2)
        await reader.untilClosed()
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func stream_ofPCMAtOurRate_isTheSamplesThemselves() async throws {
        let (client, reader) = try await open("?format=pcm&sample_rate=48000")
        let sound = Sound.tone(milliseconds: 200)
        reader.pass(sound)
        reader.finish()
        let answer = ChunkedAnswer(try await client.receive { ChunkedAnswer($0).isWhole })
        #expect(answer.body == Sound.bytes(sound))
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func stream_whoseKeyIsWithdrawnWhileNobodySpeaks_endsWhole() async throws {
        let keys = RevocableKeys(), clock = ManualClock()
        let harness = try APIHarness(keys: keys, clock: clock)
        let live = try LiveServer(harness.api)
        let client = try live.connect()
        let path = try await harness.session()
        try await client.send(
            "GET \(path)/audio-input/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\n\r\n")
        let first = try await client.receive { ChunkedAnswer($0).body.count >= 44 }
        #expect(await eventually { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(1))
        #expect(await eventually { clock.sleeperCount == 1 })
        var readers: [FakeReader] = []
        harness.sessions.configure { readers = $0.readers }
        let reader = try #require(readers.last)
        #expect(!reader.isClosed)
        keys.withdraw("dev")
        clock.advance(by: .seconds(1))
        let rest = try await client.receive { ChunkedAnswer(first + $0).isWhole }
        #expect(ChunkedAnswer(first + rest).isWhole)
        await reader.untilClosed()
        #expect(clock.sleeperCount == 0)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func stream_whoseClientGoesWhileNobodySpeaks_closesItsReader() async throws {
        let (client, reader) = try await open("")
        _ = try await client.receive { ChunkedAnswer($0).body.count >= 44 }
        #expect(!reader.isClosed)
        client.hangUp()
        await reader.untilClosed()
        #expect(reader.isClosed)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func stream_whenTheServerStops_endsRegularlyAndClosesItsReader() async throws {
        let (client, reader) = try await open("?format=pcm&sample_rate=48000")
        reader.pass(Sound.tone(milliseconds: 20))
        let first = try await client.receive { ChunkedAnswer($0).body.count == 1920 }
        async let stopped: Void = live.server.stop()
        let rest = try await client.receive()
        #expect(ChunkedAnswer(first + rest).isWhole)
        await reader.untilClosed()
        await stopped
    }

    /// While the agent speaks nobody is heard, and a turn may be long in coming.
    @Test(.timeLimit(.minutes(1))) func stream_outlastsASilenceLongerThanTheIdleTimeout() async throws {
        let impatient = try LiveServer(harness.api, idleTimeout: .seconds(1))
        let (client, reader) = try await open("?format=pcm&sample_rate=48000", on: impatient)
        try await Task.sleep(for: .milliseconds(2500))
        reader.pass(Sound.tone(milliseconds: 20))
        reader.finish()
        let answer = ChunkedAnswer(try await client.receive { ChunkedAnswer($0).isWhole })
        #expect(answer.body == Sound.bytes(Sound.tone(milliseconds: 20)))
        await impatient.server.stop()
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speech_thatIsPlayedForLongerThanTheIdleTimeout_isAnswered() async throws {
        let impatient = try LiveServer(harness.api, idleTimeout: .seconds(1))
        speech.take(.milliseconds(2500))
        let bytes = Sound.wav(Sound.tone(milliseconds: 20))
        let client = try await beginSpeech("Content-Length: \(bytes.count)", on: impatient)
        try await client.send(bytes)
        #expect(try await answer(client).hasPrefix("HTTP/1.1 201 "))
        await impatient.server.stop()
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func twoStreams_eachGetAllOfIt() async throws {
        let (first, one) = try await open("?format=pcm&sample_rate=48000")
        let (second, two) = try await open("?format=pcm&sample_rate=24000", after: one)
        let sound = Sound.tone(500, milliseconds: 100)
        for reader in [one, two] {
            reader.pass(sound)
            reader.finish()
        }
        let wide = ChunkedAnswer(try await first.receive { ChunkedAnswer($0).isWhole })
        let narrow = ChunkedAnswer(try await second.receive { ChunkedAnswer($0).isWhole })
        #expect(wide.body == Sound.bytes(sound))
        #expect(narrow.body.count == 4800)
        await live.server.stop()
    }

    private func beginSpeech(
        _ framing: String, type: String = "audio/wav", on server: LiveServer? = nil
    ) async throws -> LiveConnection {
        let path = try await harness.session()
        let client = try (server ?? live).connect()
        try await client.send(
            """
            POST \(path)/speech HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\nContent-Type: \(type)\r
            \(framing)\r\nConnection: close\r\n\r\n
            """)
        return client
    }

    private var speech: FakeSpeech {
        var speech = FakeSpeech()
        harness.sessions.configure { speech = $0.speech }
        return speech
    }

    private func answer(_ client: LiveConnection) async throws -> String {
        String(decoding: try await client.receive(), as: UTF8.self)
    }

    @Test(.timeLimit(.minutes(1))) func speech_isHeardBeforeItsUploadEnds() async throws {
        let sound = Sound.tone(milliseconds: 300)
        let bytes = Sound.wav(sound)
        let client = try await beginSpeech("Transfer-Encoding: chunked")
        try await client.send(chunk: Array(bytes.prefix(44 + 9600)))
        var heard = speech.progress.makeAsyncIterator()
        #expect(await heard.next() ?? 0 > 0)
        try await client.send(chunk: Array(bytes.dropFirst(44 + 9600)))
        try await client.send(chunk: [])
        let answer = try await answer(client)
        #expect(answer.hasPrefix("HTTP/1.1 201 "))
        #expect(answer.contains(#""duration_ms":300,"played_ms":300"#))
        #expect(speech.samples == sound)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speech_longerThanOtherBodiesMayBe_isTaken() async throws {
        let sound = Sound.tone(milliseconds: 15_000)
        let bytes = Sound.wav(sound)
        #expect(bytes.count > 1024 * 1024)
        let client = try await beginSpeech("Content-Length: \(bytes.count)")
        try await client.send(bytes)
        #expect(try await answer(client).hasPrefix("HTTP/1.1 201 "))
        #expect(speech.samples == sound)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speechOf100MB_is413AtOnceWhenItSaysSo() async throws {
        let client = try await beginSpeech("Content-Length: 104857600")
        let answer = try await answer(client)
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("/problems/body-too-large"))
        #expect(speech.samples.isEmpty)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speechThatNeverEnds_is413AtItsBound() async throws {
        let client = try await beginSpeech("Transfer-Encoding: chunked", type: "audio/L16;rate=96000;channels=2")
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        async let answer = answer(client)
        for _ in 0..<80 where try await !client.send(chunk: piece) { break }
        let text = try await answer
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        #expect(text.contains("/problems/body-too-large"))
        #expect(speech.hasFailed)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func badAudio_isAnsweredWhileTheUploadGoesOn() async throws {
        let client = try await beginSpeech("Transfer-Encoding: chunked")
        try await client.send(chunk: Array(String(repeating: "not a WAV file ", count: 20).utf8))
        let answer = try await answer(client)
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("/problems/bad-audio"))
        #expect(speech.samples.isEmpty)
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speechWhoseClientGoes_isOver() async throws {
        let client = try await beginSpeech("Transfer-Encoding: chunked")
        try await client.send(chunk: Array(Sound.wav(Sound.tone(milliseconds: 300)).prefix(9644)))
        var heard = speech.progress.makeAsyncIterator()
        _ = await heard.next()
        client.hangUp()
        while !speech.hasFailed { try await Task.sleep(for: .milliseconds(1)) }
        await live.server.stop()
    }

    @Test(.timeLimit(.minutes(1))) func speechWithoutAKey_isRefusedBeforeItsBody() async throws {
        let path = try await harness.session()
        let answer = try await live.exchange(
            "POST \(path)/speech HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 401 "))
        await live.server.stop()
    }
}
