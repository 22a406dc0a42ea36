import Domain
import HTTPServer
import Synchronization

/// Pages of the history that nothing can change any more, as they are sent.
/// Bounded in bytes: two generations, of which the older one goes as a whole, but
/// for what was asked for since.
final class PastPages: Sendable {
    /// What is kept of one page.
    struct Page: Sendable {
        let body: [UInt8]
        /// Its `ETag`: strong, made of the bytes alone, so that every process has
        /// the same one.
        let tag: String

        init(_ body: [UInt8]) {
            self.body = body
            tag = "\"\(String(Self.digest(body), radix: 36))-\(String(body.count, radix: 36))\""
        }

        /// Tells pages apart that nobody has made to be taken for each other. Eight
        /// bytes at a time: page after page is read that nobody asks for again.
        private static func digest(_ body: [UInt8]) -> UInt64 {
            body.withUnsafeBytes { bytes in
                var hash: UInt64 = 0xCBF2_9CE4_8422_2325
                var place = 0
                func take(_ word: UInt64) {
                    hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
                    hash ^= hash >> 32
                }
                while place + 8 <= bytes.count {
                    take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
                    place += 8
                }
                while place < bytes.count {
                    take(UInt64(bytes[place]))
                    place += 1
                }
                return hash
            }
        }
    }

    private struct State {
        var young: [HistoryQuery: Page] = [:]
        var old: [HistoryQuery: Page] = [:]
        var youngBytes = 0
    }

    private let bytes: Int
    private let state = Mutex(State())

    /// Keeps `bytes` of pages at most.
    init(bytes: Int = 32 << 20) { self.bytes = bytes }

    /// What `query` gets, where that is kept.
    func page(_ query: HistoryQuery) -> Page? {
        state.withLock { state in
            if let page = state.young[query] { return page }
            guard let page = state.old[query] else { return nil }
            keep(page, query, &state)
            return page
        }
    }

    /// Keeps what `query` gets from now on.
    func keep(_ body: [UInt8], for query: HistoryQuery) -> Page {
        let page = Page(body)
        state.withLock { keep(page, query, &$0) }
        return page
    }

    private func keep(_ page: Page, _ query: HistoryQuery, _ state: inout State) {
        guard state.young.updateValue(page, forKey: query) == nil else { return }
        state.youngBytes += page.body.count
        guard state.youngBytes > bytes / 2 else { return }
        state.old = state.young
        state.young = [:]
        state.youngBytes = 0
    }
}

extension PastPages.Page {
    /// 304 for who has it already.
    func answer(to headers: HTTPHeaders) -> HTTPResponse {
        var answer: HTTPHeaders = ["ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept"]
        if isKnown(to: headers) { return HTTPResponse(status: 304, headers: answer) }
        answer.add("Content-Type", "application/json")
        return HTTPResponse(status: 200, headers: answer, body: .bytes(body))
    }

    private func isKnown(to headers: HTTPHeaders) -> Bool {
        headers.all("If-None-Match").contains { field in
            field.split(separator: ",").contains { candidate in
                let candidate = candidate.trimmingSpace
                return candidate == "*" || candidate == tag || candidate == "W/" + tag
            }
        }
    }
}
