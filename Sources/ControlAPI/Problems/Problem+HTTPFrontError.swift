import HTTPServer

extension Problem {
    /// What a caller is told of a request that the front would not take.
    init(_ error: HTTPFrontError) {
        switch error {
        case .malformedRequestLine: self.init(.malformedRequest, "The request line cannot be read.")
        case .unsupportedVersion: self.init(.versionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        case .malformedHeader: self.init(.malformedRequest, "A header field is malformed.")
        case .badTarget: self.init(.malformedRequest, "The request target is not a path.")
        case .badHost: self.init(.malformedRequest, "A request needs exactly one Host.")
        case .bothLengthAndTransferEncoding:
            self.init(.malformedRequest, "Content-Length and Transfer-Encoding exclude each other.")
        case .duplicateContentLength: self.init(.malformedRequest, "There is more than one Content-Length.")
        case .invalidContentLength: self.init(.malformedRequest, "Content-Length is not a number.")
        case .unsupportedTransferEncoding: self.init(.notImplemented, "The only Transfer-Encoding known is chunked.")
        case .unsupportedExpectation: self.init(.expectationFailed, "The only Expect known is 100-continue.")
        case .targetTooLong: self.init(.targetTooLong, "The request target is longer than the service reads.")
        case .headersTooLarge: self.init(.headersTooLarge, "The request's head is longer than the service reads.")
        case .bodyTooLarge: self.init(.bodyTooLarge, "The request body is longer than the service reads.")
        case .headersTimeout: self.init(.requestTimeout, "The request's head was not complete in time.")
        case .bodyTimeout: self.init(.requestTimeout, "The request's body was not complete in time.")
        case .methodNotImplemented: self.init(.notImplemented, "The method is not known.")
        case .overloaded: self.init(.overloaded, "There are too many requests at once.")
        case .tooManyConnections: self.init(.overloaded, "There are too many connections.")
        case .stopping: self = Problem(.shuttingDown, "The service is being stopped.")
        }
    }
}
