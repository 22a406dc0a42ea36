import Domain
import Synchronization

/// A speech whose upload a test commands.
final class ScriptedSource: SpeechSource {
    struct Broken: Error, Equatable {}

    private let stream: AsyncThrowingStream<[Int16], any Error>
    private let continuation: AsyncThrowingStream<[Int16], any Error>.Continuation
    private let count = Mutex(0)

    init() { (stream, continuation) = AsyncThrowingStream.makeStream() }

    /// One that is there as a whole: `frames` frames, numbered from 1.
    convenience init(frames: Int) {
        self.init()
        give(frames: frames)
        finish()
    }

    /// How many pieces were asked for and given.
    var taken: Int { count.withLock { $0 } }

    /// The next `frames` frames come, one piece each.
    func give(frames: Int) { for number in 0..<frames { give(AudioFrame(number: number + 1).samples) } }
    func give(_ samples: [Int16]) { continuation.yield(samples) }
    func finish() { continuation.finish() }
    /// The upload breaks off.
    func fail() { continuation.finish(throwing: Broken()) }

    func next() async throws -> [Int16]? {
        var iterator = stream.makeAsyncIterator()
        guard let samples = try await iterator.next() else { return nil }
        count.withLock { $0 += 1 }
        return samples
    }
}
