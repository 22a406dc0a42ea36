extension Result<String, RPCError> {
    /// This outcome as `RPCLimits` allow it: an answer over `payloadBytes` is
    /// none (1504), and an error's texts are cut where a character ends.
    public var withinLimits: Self {
        switch self {
        case .success(let response) where response.utf8.count > RPCLimits.payloadBytes:
            .failure(RPCError(.responsePayloadTooLarge))
        case .success: self
        case .failure(let error): .failure(error.withinLimits)
        }
    }

    /// Nil for an answer.
    public var error: RPCError? {
        if case .failure(let error) = self { error } else { nil }
    }
}

extension RPCError {
    /// This error with its texts cut to `RPCLimits`.
    public var withinLimits: RPCError {
        RPCError(
            code: code, message: message.cut(toBytes: RPCLimits.errorMessageBytes),
            data: data?.cut(toBytes: RPCLimits.errorDataBytes))
    }

    /// The code of an error that a users' system may answer with: one of
    /// LiveKit's own (1400…1505) or one outside 1001…1999. Nil for others.
    public static func code(ofAnswer number: Int64) -> UInt32? {
        guard let code = UInt32(exactly: number) else { return nil }
        return (1400...1505).contains(code) || !(1001...1999).contains(code) ? code : nil
    }
}

extension String {
    /// The beginning of this text, at most `limit` bytes of UTF-8, which ends
    /// where a character does.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
