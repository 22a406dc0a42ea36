import CCurl

/// libcurl's own reading of a URL.
struct CurlURL: ~Copyable {
    private let handle: OpaquePointer

    /// An empty one; nil without memory.
    init?() {
        guard let handle = curl_url() else { return nil }
        self.handle = handle
    }

    /// Reads `text`, which holds no NUL.
    func read(_ text: String) throws(OutboundURLError) {
        switch curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER)) {
        case CURLUE_OK: return
        case CURLUE_UNSUPPORTED_SCHEME, CURLUE_BAD_SCHEME: throw .unsupportedScheme
        case CURLUE_USER_NOT_ALLOWED, CURLUE_BAD_LOGIN, CURLUE_BAD_USER, CURLUE_BAD_PASSWORD: throw .userInformation
        case CURLUE_BAD_PORT_NUMBER: throw .badPort
        case CURLUE_BAD_HOSTNAME, CURLUE_BAD_IPV6: throw .badHost
        case CURLUE_NO_HOST: throw .noHost
        case CURLUE_BAD_SLASHES: throw .notAbsolute
        default: throw .unreadable
        }
    }

    deinit {
        curl_url_cleanup(handle)
    }

    /// One part, the port with the scheme's default; nil where there is none.
    func part(_ part: CURLUPart) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        defer { curl_free(text) }
        guard curl_url_get(handle, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK, let text else { return nil }
        return String(cString: text)
    }
}
