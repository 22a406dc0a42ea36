import HTTPServer
import Synchronization

/// What the upload tests share: a rule, handlers, and a client's endless body.
enum Upload {
    /// Every path under `/up` is streamed, with these bounds.
    static func rule(
        bytes: Int = 1 << 40, pause: Duration = .seconds(40), whole: Duration = .seconds(600)
    ) -> @Sendable (HTTPRequestHead) -> HTTPBodyRule {
        let limits = HTTPBodyStreamLimits(bytes: bytes, pause: pause, whole: whole)
        return { $0.rawTarget.hasPrefix("/up") ? .streamed(limits) : .collected }
    }

    /// Reads to the end and answers with the number of bytes and the sum of
    /// their values; with the error's name and 400 when the body breaks off.
    static func digest(_ request: HTTPRequest) async -> HTTPResponse {
        guard let body = request.bodyStream else { return text("no stream, \(request.body.count)") }
        var count = 0, sum = 0
        do {
            while let piece = try await body.next() {
                count += piece.count
                sum = piece.reduce(sum) { $0 &+ Int($1) }
            }
        } catch {
            return text("\(error)", status: 400)
        }
        return text("\(request.method) \(count) \(sum)")
    }

    /// A handler that throws away all it reads, and why it could not go on.
    static func drain(_ body: HTTPRequestBody?) async -> HTTPBodyError? {
        do {
            while try await body?.next() != nil {}
            return nil
        } catch {
            return error
        }
    }

    /// How much a client has sent.
    final class Count: Sendable {
        private let count = Atomic<Int>(0)

        var value: Int { count.load(ordering: .relaxed) }

        func add(_ more: Int) {
            count.add(more, ordering: .relaxed)
        }
    }

    /// An error that a handler has caught, for the test to look at.
    final class Caught: Sendable {
        private let list = Mutex<[HTTPBodyError?]>([])

        var all: [HTTPBodyError?] { list.withLock { $0 } }

        func add(_ error: HTTPBodyError?) {
            list.withLock { $0.append(error) }
        }
    }
}
