import Domain

extension InvocationAnswer {
    /// Reads the answer to an invocation: `result` or `error`. Nil when it is
    /// wrong, which the reader's errors then say.
    init?(_ reader: inout ObjectReader) {
        let known = reader.errors.errors.count
        switch (reader.take("result"), reader.object("error")) {
        case (let result?, nil):
            guard let text = Self.text(of: result, reader) else { return nil }
            self = .result(text)
        case (nil, var error?):
            self = .error(RPCError(&error))
        case (_?, _?):
            reader.fail("error", "must not come together with result")
            return nil
        case (nil, nil):
            if reader.errors.errors.count == known { reader.fail("result", "is required, or error") }
            return nil
        }
    }

    private static func text(of result: JSONValue, _ reader: ObjectReader) -> String? {
        if result.holdsNUL { reader.fail("result", "must not hold U+0000") }
        let text = result.compactText
        guard text.utf8.count <= Limits.resultBytes else {
            reader.fail("result", "must be at most \(Limits.resultBytes) bytes of JSON, is \(text.utf8.count)")
            return nil
        }
        return text
    }
}

extension RPCError {
    /// Reads an error for a caller in the room.
    fileprivate init(_ reader: inout ObjectReader) {
        for name in ["code", "message"] where reader.isAbsent(name) { reader.fail(name, "is required") }
        let code = reader.integer("code", Limits.errorCode) ?? Int(Code.applicationError.rawValue)
        if Limits.reservedErrorCodes.contains(code), !Limits.livekitErrorCodes.contains(code) {
            reader.fail("code", "must be one of LiveKit's 1400 to 1505, or outside 1001 to 1999")
        }
        self.init(
            code: UInt32(clamping: code), message: reader.string("message", Limits.errorMessage) ?? "",
            data: reader.string("data", Limits.errorData))
        reader.finish()
    }
}
