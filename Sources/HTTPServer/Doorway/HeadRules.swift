/// What a head must be, wherever it was parsed: by the doorway's scanner for a
/// connection's first request, by libmicrohttpd for all.
enum HeadRules {
    /// The first thing wrong with a complete head, gravest first: what would
    /// let two readers see different requests comes before the rest. How long
    /// the body may be is the route's matter, and looked at later.
    static func violation(
        of head: HTTPRequestHead, isVersion11: Bool, headBytes: Int, limits: HTTPLimits
    ) -> HTTPFrontError? {
        if head.rawTarget.utf8.count > limits.targetBytes { return .targetTooLong }
        if headBytes > limits.headerBytes || head.headers.count > limits.headerFields { return .headersTooLarge }
        if head.headers.contains(where: { !isField($0) }) { return .malformedHeader }
        if let error = framingViolation(head.headers) { return error }
        let hosts = head.headers.all("Host").count
        if hosts > 1 || (isVersion11 && hosts == 0) { return .badHost }
        if let expect = head.headers["Expect"], expect.lowercased() != "100-continue" { return .unsupportedExpectation }
        if head.target == nil { return .badTarget }
        return HTTPMethod.implemented.contains(head.method) ? nil : .methodNotImplemented
    }

    /// The length of a sound head's body; `nil` when it is chunked.
    static func bodyLength(_ headers: HTTPHeaders) -> Int? {
        if headers["Transfer-Encoding"] != nil { return nil }
        return headers["Content-Length"].flatMap { Int($0) } ?? 0
    }

    private static func framingViolation(_ headers: HTTPHeaders) -> HTTPFrontError? {
        let codings = headers.all("Transfer-Encoding")
        let lengths = headers.all("Content-Length")
        if !codings.isEmpty, !lengths.isEmpty { return .bothLengthAndTransferEncoding }
        if lengths.count > 1 { return .duplicateContentLength }
        if codings.count > 1 || codings.contains(where: { $0.lowercased() != "chunked" }) {
            return .unsupportedTransferEncoding
        }
        guard let length = lengths.first else { return nil }
        guard !length.isEmpty, length.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return .invalidContentLength }
        return Int(length) == nil ? .bodyTooLarge : nil
    }

    private static func isField(_ field: HTTPHeaders.Field) -> Bool {
        !field.name.isEmpty && field.name.utf8.areAll(isToken)
            && field.value.utf8.areAll { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    }

    /// A character of a method or a field name (RFC 9110 §5.6.2).
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
