import CCurl

/// What libcurl said went wrong: the cause beneath an `OutboundError`.
public struct CurlFailure: Equatable, Sendable, CustomStringConvertible {
    /// libcurl's code (`CURLE_…`, or `CURLM_…` for the whole engine).
    public let code: Int
    /// libcurl's words; they can name the host, never a path, header or body.
    public let message: String
    /// Whether anything of the request had been sent by then.
    public let requestWasSent: Bool

    init(code: CURLcode, detail: String = "", requestWasSent: Bool = false) {
        self.code = Int(code.rawValue)
        message = detail.isEmpty ? curl_easy_strerror(code).map { String(cString: $0) } ?? "" : detail
        self.requestWasSent = requestWasSent
    }

    /// A failure of the whole engine: what had been sent of a call is unknown.
    init(multi code: CURLMcode) {
        self.code = Int(code.rawValue)
        message = curl_multi_strerror(code).map { String(cString: $0) } ?? ""
        requestWasSent = true
    }

    /// The words with the code.
    public var description: String { "\(message) (curl \(code))" }
}
