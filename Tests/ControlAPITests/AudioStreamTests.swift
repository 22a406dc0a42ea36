import Domain
import HTTPServer
import Testing

@testable import ControlAPI

struct AudioStreamTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test(arguments: [
        ("", "audio/wav"), ("?format=wav&sample_rate=48000", "audio/wav"),
        ("?format=pcm", "audio/x-raw;format=S16LE;rate=16000;channels=1"),
        ("?format=pcm&sample_rate=22050", "audio/x-raw;format=S16LE;rate=22050;channels=1"),
    ])
    func stream_saysWhatItSends(_ query: String, _ contentType: String) async throws {
        let answer = try await harness.send(.get, "\(try await harness.session())/audio-input/stream\(query)")
        #expect(answer.status == 200)
        #expect(try answer.header("Content-Type") == contentType)
        #expect(try answer.header("Turngate-Reader").hasPrefix("rdr_"))
        #expect(harness.sessions.lastCall == .readAudio(participant: nil))
    }

    @Test func stream_ofOneParticipant_passesItOn() async throws {
        _ = try await harness.send(.get, "\(try await harness.session())/audio-input/stream?participant=b%20c")
        #expect(harness.sessions.lastCall == .readAudio(participant: "b c"))
    }

    @Test func stream_thatNobodyReads_closesItsReader() async throws {
        let path = try await harness.session()
        _ = try await harness.send(.get, "\(path)/audio-input/stream")
        #expect(try reader.isClosed)
        #expect(try await harness.send(.get, "\(path)/audio-input").text.contains(#""readers":[]"#))
    }

    private var reader: FakeReader {
        get throws {
            var readers: [FakeReader] = []
            harness.sessions.configure { readers = $0.readers }
            return try #require(readers.last)
        }
    }

    @Test func head_opensNoReader() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.head, "\(path)/audio-input/stream?format=pcm")
        #expect(answer.status == 200)
        #expect(try answer.header("Content-Type") == "audio/x-raw;format=S16LE;rate=16000;channels=1")
        #expect(answer.response.headers["Turngate-Reader"] == nil)
        harness.sessions.configure { #expect($0.readers.isEmpty) }
        let unknown = "/v1/sessions/ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC/audio-input/stream"
        #expect(try await harness.send(.head, unknown).status == 404)
    }

    @Test(arguments: [
        ("sample_rate=7999", "sample_rate"), ("sample_rate=48001", "sample_rate"), ("sample_rate=16k", "sample_rate"),
        ("sample_rate=16000.0", "sample_rate"), ("sample_rate=", "sample_rate"), ("format=mp3", "format"),
        ("format=WAV", "format"), ("format=wav&format=pcm", "format"), ("participant=", "participant"),
        ("participant=a%0a", "participant"), ("wait_ms=1", "wait_ms"),
    ])
    func badQueries_are400AndOpenNoReader(_ query: String, _ field: String) async throws {
        let answer = try await harness.send(.get, "\(try await harness.session())/audio-input/stream?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == [field])
        harness.sessions.configure { #expect($0.readers.isEmpty) }
    }

    @Test(arguments: [
        ("wav", "audio/wav", 200), ("wav", "audio/*;q=0.1", 200), ("wav", "audio/x-wav", 200), ("wav", "*/*", 200),
        ("wav", "application/json", 406), ("wav", "audio/wav;q=0, audio/mpeg", 406),
        ("pcm", "application/octet-stream", 200), ("pcm", "audio/wav", 406),
    ])
    func accept_isHeeded(_ format: String, _ accept: String, _ status: Int) async throws {
        let target = "\(try await harness.session())/audio-input/stream?format=\(format)"
        let answer = try await harness.send(.get, target, headers: ["Accept": accept])
        #expect(answer.status == status)
        guard status == 406 else { return }
        #expect(try answer.json()["available"] as? [String] == [format == "wav" ? "audio/wav" : "audio/x-raw"])
        harness.sessions.configure { #expect($0.readers.isEmpty) }
    }

    @Test func streams_pastTheSessionsBound_are503() async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.failure = .overloaded("The session has 32 readers.") }
        #expect(try await harness.send(.get, "\(path)/audio-input/stream").status == 503)
    }

    @Test(arguments: [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
    func encoder_givesTheSameSoundAtAnyRateHoweverItIsCut(_ rate: Int) throws {
        let encoder = try AudioStreamEncoder(AudioStreamFormat(container: .pcm, sampleRate: rate))
        #expect(encoder.head.isEmpty)
        let sound = Sound.tone(1000, milliseconds: 960)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: sound.count, by: 3 * AudioFrame.sampleCount) {
            let frames = (0..<3).map { place in
                let begin = start + place * AudioFrame.sampleCount
                return AudioFrame(Array(sound[begin..<begin + AudioFrame.sampleCount]))
            }
            bytes += try encoder.bytes(of: frames)
        }
        bytes += try encoder.tail()
        let samples = Sound.samples(bytes)
        #expect(samples.count == rate * 960 / 1000)
        #expect(abs(Sound.frequency(of: samples, rate: rate) - 1000) < 2)
        if rate == 48_000 { #expect(samples == sound) }
    }

    @Test func turnAudio_isAWAVFileAtTheRateAskedFor() async throws {
        let path = try await harness.session()
        let sound = Sound.tone(500, milliseconds: 1000)
        let turn = try await harness.send(.post, "\(path)/turns", #"{"participant":"alice"}"#).header("Location")
        let id = try #require(TurnID(turn.split(separator: "/").last ?? ""))
        harness.sessions.configure { $0.turnAudio[id] = TurnAudio(samples: sound) }
        let whole = try await harness.send(.get, "\(turn)/audio")
        #expect(whole.status == 200)
        #expect(try whole.header("Content-Type") == "audio/wav")
        #expect(whole.bytes == Sound.wav(sound))
        let narrow = try await harness.send(.get, "\(turn)/audio?sample_rate=8000").bytes
        #expect(Sound.number(narrow[24..<28]) == 8000)
        #expect(Sound.number(narrow[40..<44]) == 16_000 && narrow.count == 16_044)
        #expect(abs(Sound.frequency(of: Sound.samples(narrow[44...]), rate: 8000) - 500) < 2)
        #expect(try await harness.send(.get, "\(turn)/audio?sample_rate=7999").fields() == ["sample_rate"])
        #expect(try await harness.send(.get, "\(turn)/audio", headers: ["Accept": "text/html"]).status == 406)
    }

    @Test func turnAudio_thatWasNotKept_is404() async throws {
        let path = try await harness.session()
        let turn = try await harness.send(.post, "\(path)/turns", #"{"participant":"alice"}"#).header("Location")
        let answer = try await harness.send(.get, "\(turn)/audio")
        #expect(answer.status == 404)
        #expect(try answer.json()["type"] as? String == "/problems/turn-audio-not-kept")
    }
}
