/// The memory that libmicrohttpd gives a connection: one pool, in which the
/// head, a record for every field, query item and cookie, and the answer's head live.
enum EngineMemory {
    /// Room for the answer's head and a first piece of a stream.
    private static let answerBytes = 8 * 1024
    /// libmicrohttpd's record of a field (56 bytes) and its alignment.
    private static let recordBytes = 64

    /// The pool. libmicrohttpd clears all of it for every request, so that
    /// each kilobyte costs on every one.
    static func poolBytes(_ limits: HTTPLimits) -> Int {
        requestBytes(limits) + answerBytes
    }

    /// What a request's head and its records may take.
    static func requestBytes(_ limits: HTTPLimits) -> Int {
        limits.headerBytes + 8 * 1024
    }

    /// What a head takes.
    static func cost(of head: HTTPRequestHead, headBytes: Int) -> Int {
        let query = head.rawTarget.utf8.contains(0x3F) ? head.rawTarget.utf8.count { $0 == 0x26 } + 1 : 0
        var cookies = 0, cookieBytes = 0
        if let cookie = head.headers["Cookie"] {
            cookies = cookie.utf8.count { $0 == 0x3B || $0 == 0x2C } + 1
            cookieBytes = cookie.utf8.count + 1
        }
        return headBytes + cookieBytes + recordBytes * (head.headers.count + query + cookies)
    }
}
