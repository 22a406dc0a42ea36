import Domain
import HTTPServer

/// A reader in the hands of one answer. It goes with the answer, also where the
/// client was gone before the body was asked for and nobody ever reads.
final class OpenAudioReader: Sendable {
    private let reading: any AudioReading
    private let format: AudioStreamFormat
    private let formats: AudioStreamFormats

    init(_ reading: any AudioReading, _ format: AudioStreamFormat, in formats: AudioStreamFormats) {
        self.reading = reading
        self.format = format
        self.formats = formats
        formats.enter(reading.id, format)
    }

    deinit { close() }

    var id: ReaderID { reading.id }

    private func close(with standing: CallerStanding, by clock: any TurngateClock) async throws {
        try await standing.untilOver(by: clock)
        close()
    }

    private func close() {
        reading.close()
        formats.remove(reading.id)
    }

    /// The answer's body: ends when the session or the caller's credential is
    /// over, and with the server.
    func body(for standing: CallerStanding?, by clock: any TurngateClock) throws -> HTTPBodyStream {
        let encoder = try AudioStreamEncoder(format)
        return HTTPBodyStream(atStop: .end) { writer in
            let watch = standing.map { standing in Task { try await self.close(with: standing, by: clock) } }
            defer {
                watch?.cancel()
                self.close()
            }
            try await writer.write(encoder.head)
            while let frames = await self.reading.next() { try await writer.write(encoder.bytes(of: frames)) }
            try await writer.write(encoder.tail())
        }
    }
}
