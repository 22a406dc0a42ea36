import Audio
import Domain
import HTTPServer
import Synchronization

/// A speech as it is being uploaded. What goes wrong is thrown as the problem
/// that the call answers with.
final class SpeechUpload: SpeechSource {
    private let body: HTTPRequestBody
    private let decoder: SpeechDecoder
    /// How long the client says that the body is; nil: it does not say.
    private let bodyBytes: Int?
    private let isOver = Mutex(false)

    /// Throws 415 where the body says that it is something else than audio.
    init(_ request: HTTPRequest) throws {
        decoder = try SpeechDecoder(try Self.type(of: request.headers), sampleRate: AudioFrame.sampleRate)
        body = request.bodyStream ?? Self.collected(request.body)
        bodyBytes = request.headers["Content-Length"].flatMap { Int($0) }
    }

    private static func type(of headers: HTTPHeaders) throws(Problem) -> AudioType {
        let fields = headers.all("Content-Type")
        do throws(AudioTypeError) {
            guard fields.count < 2 else { throw AudioTypeError.malformed }
            return try AudioType(contentType: fields.first)
        } catch {
            throw Problem(.unsupportedMediaType, sentence(error.description))
                .header("Accept", "audio/wav, audio/L16")
        }
    }

    /// A body that was read before anybody looked at it.
    private static func collected(_ bytes: [UInt8]) -> HTTPRequestBody {
        let rest = Bytes(bytes)
        return HTTPRequestBody { () async throws(HTTPBodyError) in rest.take() }
    }

    func next() async throws -> [Int16]? {
        while let piece = try await nextPiece() {
            let samples = try decoded { try decoder.decode(piece) }
            try checkLength()
            try checkPromise()
            if !samples.isEmpty { return samples }
        }
        let wasOver = isOver.withLock { isOver in
            defer { isOver = true }
            return isOver
        }
        if wasOver { return nil }
        let tail = try decoded { try decoder.finish() }
        return tail.isEmpty ? nil : tail
    }

    private func nextPiece() async throws -> [UInt8]? {
        if isOver.withLock({ $0 }) { return nil }
        do throws(HTTPBodyError) {
            return try await body.next()
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: HTTPBodyError) -> any Error {
        switch error {
        case .clientGone, .cancelled: Problem(.malformedRequest, "The body broke off before its end.")
        case .pauseTooLong: Problem(.requestTimeout, "Nothing came of the body for too long.")
        case .tookTooLong: Problem(.requestTimeout, "The body was not complete in time.")
        case .tooManyBytes: Problem(HTTPFrontError.bodyTooLarge)
        case .serverStopping: Problem(.shuttingDown, "The service is being stopped.")
        case .answered, .overlappingRead: TurngateError.internalFailure("a speech's body was read wrongly: \(error)")
        }
    }

    private func decoded(_ decode: () throws -> [Int16]) throws -> [Int16] {
        do {
            return try decode()
        } catch let error as AudioDataError {
            throw Problem(.badAudio, Self.sentence(error.description)).naming("body", error.description)
        } catch {
            throw TurngateError.internalFailure("a speech could not be decoded: \(error)")
        }
    }

    private func checkLength() throws(Problem) {
        let length = max(decoder.announcedDuration ?? .zero, decoder.decodedDuration)
        guard length > .seconds(Limits.speechSeconds) else { return }
        throw Problem(.audioTooLong, "A speech is at most \(Limits.speechSeconds) seconds long.")
            .naming("body", "is more than \(Limits.speechSeconds) seconds of audio")
    }

    /// A file whose header promises more than the whole body can hold is known
    /// to be cut off before any of it is played.
    private func checkPromise() throws(Problem) {
        guard let bodyBytes, let announced = decoder.announcedDuration, let format = decoder.format else { return }
        let promised = Int((announced.seconds * Double(format.sampleRate)).rounded()) * format.bytesPerFrame
        guard promised > bodyBytes else { return }
        let what = "is cut off: its header promises \(promised) bytes of sound, and the whole body has \(bodyBytes)"
        throw Problem(.badAudio, "The body \(what).").naming("body", what)
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}

/// Bytes that are taken once.
private final class Bytes: Sendable {
    private let bytes: Mutex<[UInt8]?>

    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes.isEmpty ? nil : bytes) }

    func take() -> [UInt8]? { bytes.withLock { $0.take() } }
}
