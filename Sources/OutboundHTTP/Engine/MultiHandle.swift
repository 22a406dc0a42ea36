import CCurl

/// libcurl's multi handle.
///
/// `@unchecked Sendable`: the pointer never changes; every call on it is made by
/// the loop's thread, except `wake`, which libcurl allows from any thread and
/// `Inbox` keeps from happening after the handle is gone.
struct MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    private static let isLibraryReady = turngate_curl_global_init() == CURLE_OK

    init(maxIdleConnections: Int) throws(OutboundError) {
        guard Self.isLibraryReady, let pointer = curl_multi_init() else {
            throw .failed(CurlFailure(code: CURLE_FAILED_INIT))
        }
        let kept = min(max(1, maxIdleConnections), 10_000)
        let code = turngate_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, kept)
        guard code == CURLM_OK else {
            curl_multi_cleanup(pointer)
            throw .failed(CurlFailure(multi: code))
        }
        self.pointer = pointer
    }

    /// Ends the loop's wait. Should it fail, the loop looks again within
    /// `EventLoop.longestWait` by itself.
    func wake() {
        _ = curl_multi_wakeup(pointer)
    }

    func destroy() {
        curl_multi_cleanup(pointer)
    }
}
