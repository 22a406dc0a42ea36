import HTTPServer
import Synchronization

/// Makes the fingerprint of a body while somebody else reads it.
final class BodyTap: Sendable {
    private struct State {
        var fingerprint: Fingerprint
        var isComplete = false
        var isBroken = false
    }

    private let state: Mutex<State>
    private let body: HTTPRequestBody

    init(_ body: HTTPRequestBody, _ sha256: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.body = body
        state = Mutex(State(fingerprint: Fingerprint(sha256)))
    }

    /// The body, for the one who reads it.
    var tapped: HTTPRequestBody {
        HTTPRequestBody { () async throws(HTTPBodyError) in try await self.next() }
    }

    private func next() async throws(HTTPBodyError) -> [UInt8]? {
        do throws(HTTPBodyError) {
            let piece = try await body.next()
            state.withLock { state in
                if let piece { state.fingerprint.add(piece) } else { state.isComplete = true }
            }
            return piece
        } catch {
            state.withLock { $0.isBroken = true }
            throw error
        }
    }

    /// Reads what is left, bounded by the route's own limits.
    func drain() async throws(HTTPBodyError) {
        while try await next() != nil {}
    }

    /// Nil unless the body was read to its end.
    var digest: [UInt8]? {
        state.withLock { $0.isComplete ? $0.fingerprint.finished() : nil }
    }

    /// Whether the client did not send all of it.
    var isBroken: Bool { state.withLock { $0.isBroken } }
}
