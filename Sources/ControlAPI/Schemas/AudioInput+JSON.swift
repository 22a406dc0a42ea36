import Domain

extension AudioInput {
    func write(to writer: inout JSONWriter) {
        writer.member("enabled", enabled)
        writer.member("reason", reason.rawValue)
        writer.member("note", note)
        writer.member("since", since.description)
    }
}

extension ParticipantGate {
    /// `open` or `closed`.
    var word: String { isOpen ? "open" : "closed" }

    /// The gate as the API shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        write(to: &writer)
        return writer.bytes
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("identity", identity)
            writer.member("gate", word)
            writer.member("reason", reason.rawValue)
        }
    }
}

extension AudioInputReport {
    /// The audio input as the API shows it; `formats` knows how each reader is served.
    func json(_ formats: AudioStreamFormats) -> [UInt8] {
        JSONWriter.object(capacity: 512) { writer in
            input.write(to: &writer)
            writer.key("participants")
            writer.array { writer in for gate in participants { gate.write(to: &writer) } }
            writer.key("readers")
            writer.array { writer in for reader in readers { reader.write(to: &writer, formats.format(of: reader.id)) }
            }
        }
    }
}

extension AudioReaderReport {
    /// A frame's length in milliseconds.
    private static let frameMs = Int64(AudioFrame.duration.milliseconds)

    fileprivate func write(to writer: inout JSONWriter, _ format: AudioStreamFormat?) {
        writer.object { writer in
            writer.member("id", id.description)
            writer.member("participant", participant)
            writer.member("format", format?.container.rawValue)
            writer.member("sample_rate", raw: format.map { String($0.sampleRate) } ?? "null")
            writer.member("since", since.description)
            writer.member("sent_ms", sentFrames * Self.frameMs)
            writer.member("dropped_ms", droppedFrames * Self.frameMs)
        }
    }
}
