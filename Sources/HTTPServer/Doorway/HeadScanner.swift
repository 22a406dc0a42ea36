/// Looks at the first bytes of a connection before libmicrohttpd gets it, so
/// that what libmicrohttpd would answer in HTML, or not at all, is answered in
/// our own shape. Reads only; the bytes stay in the socket.
struct HeadScanner {
    enum Verdict {
        case incomplete
        case complete
        case refused(HTTPFrontError, HTTPRequestHead?)
    }

    let limits: HTTPLimits

    func verdict(on bytes: UnsafeRawBufferPointer) -> Verdict {
        var lines = HeadLines(bytes)
        guard let line = lines.nextNotEmpty() else { return unfinishedLine(lines.rest) }
        guard let request = RequestLine(line) else { return .refused(.malformedRequestLine, nil) }
        var head = HTTPRequestHead(method: request.method, rawTarget: request.target, headers: [:])
        guard request.isVersion1 else { return .refused(.unsupportedVersion, head) }
        guard line.count <= limits.targetBytes || request.target.utf8.count <= limits.targetBytes else {
            return .refused(.targetTooLong, head)
        }
        var headers = HTTPHeaders()
        while let line = lines.next() {
            if line.isEmpty {
                head = HTTPRequestHead(method: request.method, rawTarget: request.target, headers: headers)
                return complete(head, isVersion11: request.isVersion11, headBytes: lines.offset)
            }
            guard let (name, value) = Self.field(line) else { return .refused(.malformedHeader, head) }
            headers.add(name, value)
            if headers.count > limits.headerFields { return .refused(.headersTooLarge, head) }
        }
        return bytes.count > limits.headerBytes ? .refused(.headersTooLarge, head) : .incomplete
    }

    private func complete(_ head: HTTPRequestHead, isVersion11: Bool, headBytes: Int) -> Verdict {
        if let error = HeadRules.violation(of: head, isVersion11: isVersion11, headBytes: headBytes, limits: limits) {
            return .refused(error, head)
        }
        return EngineMemory.cost(of: head, headBytes: headBytes) <= EngineMemory.requestBytes(limits)
            ? .complete : .refused(.headersTooLarge, head)
    }

    /// A line that has not ended: what it starts with must be able to become a request.
    private func unfinishedLine(_ rest: UnsafeRawBufferPointer) -> Verdict {
        let method = rest.prefix { $0 != 0x20 }
        let isMethod = method.count <= 32 && method.allSatisfy { HeadRules.isToken($0) || $0 == 0x0D }
        if !isMethod { return .refused(.malformedRequestLine, nil) }
        let longest = limits.targetBytes + method.count + 32
        return rest.count > min(longest, limits.headerBytes) ? .refused(.targetTooLong, nil) : .incomplete
    }

    /// Name and value of a field line; `nil` without a colon, for a folded line and for a bad name.
    private static func field(_ line: UnsafeRawBufferPointer) -> (String, String)? {
        guard let colon = line.firstIndex(of: 0x3A), colon > 0, line[..<colon].allSatisfy(HeadRules.isToken),
            line.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 })
        else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
}
