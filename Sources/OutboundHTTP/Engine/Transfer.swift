import CCurl
import Foundation

/// One call under way: libcurl's easy handle and what has come back so far. It
/// lives on the loop's thread; the callbacks only note things down here.
final class Transfer {
    let job: Job
    let easy: UnsafeMutableRawPointer

    private let addressPolicy: @Sendable (OutboundAddress) -> Bool
    private let maxHeaderBytes: Int
    private let errorText: UnsafeMutablePointer<CChar>
    var headerLines: UnsafeMutablePointer<curl_slist>?
    var resolved: UnsafeMutablePointer<curl_slist>?

    private var header = ResponseHeader()
    private var body: [UInt8] = []
    /// Why a callback stopped the transfer, where one did.
    private var reason: OutboundError?
    private var refused: OutboundAddress?
    private var hasOpenedSocket = false

    init(job: Job, configuration: OutboundHTTPConfiguration) throws(OutboundError) {
        guard let easy = curl_easy_init() else { throw .failed(CurlFailure(code: CURLE_FAILED_INIT)) }
        self.job = job
        self.easy = easy
        addressPolicy = configuration.addressPolicy
        maxHeaderBytes = configuration.maxHeaderBytes
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try configure(configuration, errorText: errorText)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerLines)
        curl_slist_free_all(resolved)
        errorText.deallocate()
    }

    /// The answer, or why there is none, once libcurl has said how it ended.
    func outcome(of code: CURLcode) -> Job.Outcome {
        if let reason { return .failure(reason) }
        guard code == CURLE_OK else { return .failure(error(for: code)) }
        // For libcurl, a connection that ends inside the header is an answer.
        guard header.hasEnded else {
            return .failure(.connectionLost(CurlFailure(code: CURLE_PARTIAL_FILE, requestWasSent: true)))
        }
        var status = 0
        guard turngate_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0 else {
            return .failure(.badResponse(CurlFailure(code: CURLE_WEIRD_SERVER_REPLY, requestWasSent: true)))
        }
        return .success(OutboundResponse(status: status, headers: header.fields, body: body))
    }

    private func error(for code: CURLcode) -> OutboundError {
        // A name can have several addresses; it was refused only where no allowed
        // one was left to fail in its own way.
        if let refused, !hasOpenedSocket { return .refusedAddress(refused) }
        if code == CURLE_FILESIZE_EXCEEDED { return .tooLarge(limit: job.request.maxResponseBytes) }
        var sentBytes = 0
        let isKnown = turngate_curl_get_long(easy, CURLINFO_REQUEST_SIZE, &sentBytes) == CURLE_OK
        let requestWasSent = !isKnown || sentBytes > 0
        // What libcurl says of a header line that does not end, once its buffer of
        // 100 KiB is full.
        if code == CURLE_OUT_OF_MEMORY, requestWasSent, !header.hasEnded { return .tooLarge(limit: maxHeaderBytes) }
        return OutboundError(
            code: code, detail: String(cString: errorText), requestWasSent: requestWasSent)
    }

    /// Takes a piece of the body; false stops the transfer.
    func receive(body piece: UnsafeRawBufferPointer) -> Bool {
        let limit = job.request.maxResponseBytes
        guard piece.count <= limit - body.count else {
            reason = .tooLarge(limit: limit)
            return false
        }
        header.isComplete = true
        body.append(contentsOf: piece)
        return true
    }

    /// Takes one line of the header; false stops the transfer.
    func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
        header.take(line)
        guard header.byteCount <= maxHeaderBytes else {
            reason = .tooLarge(limit: maxHeaderBytes)
            return false
        }
        return true
    }

    /// Opens a socket to an address that the policy allows, or none.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let wanted = address.pointee
        let bytes = UnsafeRawBufferPointer(start: turngate_curl_address_bytes(address), count: Int(wanted.addrlen))
        // What is neither IPv4 nor IPv6 cannot be judged, so it is not opened.
        guard let parsed = OutboundAddress(socketAddress: bytes) else { return turngate_curl_no_socket() }
        guard addressPolicy(parsed) else {
            refused = parsed
            return turngate_curl_no_socket()
        }
        hasOpenedSocket = true
        return socket(wanted.family, wanted.socktype | Int32(SOCK_CLOEXEC.rawValue), wanted.protocol)
    }
}
