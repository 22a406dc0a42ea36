/// Collects the lines of an answer's header.
struct ResponseHeader {
    private(set) var fields: [OutboundHeader] = []
    /// All bytes of all header lines, interim answers included, so that an endless
    /// row of 1xx answers ends too.
    private(set) var byteCount = 0
    /// The empty line after the latest answer's fields has come.
    private(set) var hasEnded = false
    /// The body has begun: what comes now are trailers, counted and left out.
    var isComplete = false

    mutating func take(_ line: UnsafeRawBufferPointer) {
        byteCount += line.count
        guard !isComplete else { return }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            fields = []
            hasEnded = false
        } else if text.allSatisfy(\.isNewline) {
            hasEnded = true
        } else if let colon = text.firstIndex(of: ":") {
            fields.append(OutboundHeader(trim(text[..<colon]), trim(text[text.index(after: colon)...])))
        }
    }

    private func trim(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        let kept = start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
        return String(kept)
    }
}
