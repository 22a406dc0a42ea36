import Audio
import Testing

@Suite struct AudioTypeTests {
    @Test(arguments: [
        "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "Audio/WAV", " audio/wav ", "audio/wav;codecs=1",
        "audio/wav;", "audio/vnd.wave; codec=\"1;2\"",
    ])
    func wav_hasFourNames(_ text: String) throws {
        #expect(try AudioType(contentType: text) == .wav)
    }

    @Test(arguments: [
        ("audio/L16;rate=24000;channels=1", 24_000, 1), ("audio/l16; RATE=8000", 8_000, 1),
        ("AUDIO/L16 ; channels=\"2\" ; rate=\"96000\"", 96_000, 2), ("audio/L16;rate=\"1\\6000\";ptime=20", 16_000, 1),
        ("audio/L16;\trate=44100;;", 44_100, 1), ("audio/L16;x=\"a\\\";rate=1;\\\\\";rate=32000", 32_000, 1),
    ])
    func l16_hasItsFormatInParameters(_ text: String, _ rate: Int, _ channels: Int) throws {
        #expect(try AudioType(contentType: text) == .l16(PCMFormat(sampleRate: rate, channels: channels)))
    }

    @Test(
        arguments: [
            (nil, .missing), ("", .missing), ("  ", .missing), ("audio", .malformed), ("audio/", .malformed),
            ("/wav", .malformed), (";rate=1", .malformed), ("audio/wav/x", .malformed), ("audio/w av", .malformed),
            ("audio/L16;rate", .malformed), ("audio/L16;rate=", .malformed), ("audio/L16;=8000", .malformed),
            ("audio/L16;rate=\"8000", .malformed), ("audio/L16;rate=\"8\"0\"", .malformed),
            ("audio/L16;rate=8 000", .malformed), ("audio/wav;a=" + String(repeating: "b", count: 300), .malformed),
            ("application/x-www-form-urlencoded", .unsupported("application/x-www-form-urlencoded")),
            ("audio/MPEG;rate=1", .unsupported("audio/mpeg")), ("audio/L24;rate=8000", .unsupported("audio/l24")),
            ("audio/L16", .missingRate), ("audio/L16;channels=1", .missingRate),
            ("audio/L16;rate=24k", .notANumber("rate")), ("audio/L16;rate=-8000", .notANumber("rate")),
            ("audio/L16;rate=8000.0", .notANumber("rate")), ("audio/L16;rate=٨٠٠٠", .malformed),
            ("audio/L16;rate=99999999999999999999", .notANumber("rate")),
            ("audio/L16;rate=8000;channels=\"\"", .notANumber("channels")),
            ("audio/L16;rate=8000;rate=16000", .repeated("rate")), ("audio/L16;rate=7999", .rateOutOfRange(7_999)),
            ("audio/L16;rate=96001", .rateOutOfRange(96_001)), ("audio/L16;rate=8000;channels=0", .channelCount(0)),
            ("audio/L16;rate=8000;channels=6", .channelCount(6)),
        ] as [(String?, AudioTypeError)])
    func whatIsWrong_isNamed(_ text: String?, _ expected: AudioTypeError) {
        #expect(throws: expected) { try AudioType(contentType: text) }
        #expect(!expected.description.isEmpty)
    }
}
