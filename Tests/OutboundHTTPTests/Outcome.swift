@testable import OutboundHTTP

extension OutboundHTTPClient {
    /// The error of a call that must not succeed; nil where it did.
    func failure(of request: OutboundRequest) async -> OutboundError? {
        do throws(OutboundError) {
            _ = try await send(request)
            return nil
        } catch {
            return error
        }
    }
}

extension OutboundError {
    /// The kinds whose cause is in libcurl's words, which tests do not compare.
    enum Kind {
        case resolve, connect, timeout, tls, lost, response, other
    }

    var kind: Kind {
        switch self {
        case .couldNotResolve: .resolve
        case .couldNotConnect: .connect
        case .timedOut: .timeout
        case .tls: .tls
        case .connectionLost: .lost
        case .badResponse: .response
        default: .other
        }
    }
}
