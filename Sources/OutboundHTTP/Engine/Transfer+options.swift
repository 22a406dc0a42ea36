import CCurl

extension Transfer {
    /// Tells libcurl everything about the call.
    func configure(
        _ configuration: OutboundHTTPConfiguration, errorText: UnsafeMutablePointer<CChar>
    ) throws(OutboundError) {
        try set(CURLOPT_ERRORBUFFER, pointer: errorText)
        try set(CURLOPT_URL, text: job.request.url)
        try setGuards(configuration)
        try setTimes(configuration)
        try setSize()
        try setResolver(configuration)
        try setCallbacks()
        try setMethodAndBody()
        try setHeaders()
    }

    /// What a call must not do, whatever libcurl's defaults are or become.
    private func setGuards(_ configuration: OutboundHTTPConfiguration) throws(OutboundError) {
        try set(CURLOPT_PROTOCOLS_STR, text: "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // One call, one connection: a host's calls cannot hide behind each other in
        // one connection, and nothing learnt from an answer (Alt-Svc) or from
        // DNS leads a call elsewhere.
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // An empty proxy keeps libcurl from reading http_proxy and its kin: behind
        // a proxy, the address policy would see the proxy only.
        try set(CURLOPT_PROXY, text: "")
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_USERAGENT, text: configuration.userAgent)
        if let file = configuration.authoritiesFile { try set(CURLOPT_CAINFO, text: file) }
    }

    private func setTimes(_ configuration: OutboundHTTPConfiguration) throws(OutboundError) {
        let left = max(1, milliseconds(job.deadline - ContinuousClock.now))
        try set(CURLOPT_TIMEOUT_MS, left)
        try set(CURLOPT_CONNECTTIMEOUT_MS, min(left, max(1, milliseconds(configuration.connectTimeout))))
        try set(CURLOPT_NOSIGNAL, 1)
        // The resolver runs on a thread of libcurl's, and ending a call would wait
        // for it: a name server that hangs would hold up every other call. With
        // this the thread is left to end by itself.
        try set(CURLOPT_QUICK_EXIT, 1)
    }

    /// An answer that says beforehand that it is too long ends there; `receive`
    /// counts what comes. For HEAD the length is that of a body which never comes.
    private func setSize() throws(OutboundError) {
        guard job.request.method != .head, job.request.maxResponseBytes > 0 else { return }
        let limit = curl_off_t(job.request.maxResponseBytes)
        try check(turngate_curl_set_size(easy, CURLOPT_MAXFILESIZE_LARGE, limit))
    }

    /// Addresses that a test puts in the place of the resolver's.
    private func setResolver(_ configuration: OutboundHTTPConfiguration) throws(OutboundError) {
        guard let resolver = configuration.resolver else { return }
        do throws(OutboundURLError) {
            let limit = OutboundRequest.maximumURLBytes
            let url = try OutboundURL(job.request.url, maximumBytes: limit, allowsFragment: true)
            resolved = curl_slist_append(nil, "+\(url.host):\(url.port):\(resolver(url).joined(separator: ","))")
        } catch {
            throw .invalidRequest(reason: error.description)
        }
        try set(CURLOPT_RESOLVE, pointer: resolved)
    }

    private func setCallbacks() throws(OutboundError) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_WRITEDATA, pointer: this)
        try check(
            turngate_curl_set_sink(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, transfer in
                Transfer.of(transfer)?.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) == true
                    ? size * count : Transfer.stop
            })
        try set(CURLOPT_HEADERDATA, pointer: this)
        try check(
            turngate_curl_set_sink(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, transfer in
                Transfer.of(transfer)?.receive(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count))
                    == true
                    ? size * count : Transfer.stop
            })
        try set(CURLOPT_OPENSOCKETDATA, pointer: this)
        try check(
            turngate_curl_set_opener(easy) { transfer, _, address in
                guard let transfer = Transfer.of(transfer), let address else { return turngate_curl_no_socket() }
                return transfer.openSocket(address)
            })
    }

    private func setMethodAndBody() throws(OutboundError) {
        let request = job.request
        switch request.method {
        case .get: return try set(CURLOPT_HTTPGET, 1)
        case .head: return try set(CURLOPT_NOBODY, 1)
        case .post, .put, .patch: break
        case .delete:
            if request.body.isEmpty { return try set(CURLOPT_CUSTOMREQUEST, text: request.method.rawValue) }
        }
        try set(CURLOPT_POST, 1)
        try check(turngate_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
        let code = request.body.withUnsafeBytes { body in
            // Nil would mean "ask a callback for the body"; an empty body is empty.
            body.isEmpty
                ? turngate_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, "")
                : turngate_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, body.baseAddress)
        }
        try check(code)
        if request.method != .post { try set(CURLOPT_CUSTOMREQUEST, text: request.method.rawValue) }
    }

    private func setHeaders() throws(OutboundError) {
        // Libcurl would wait a second for "100 Continue" before large bodies, and
        // call a body without a type a form.
        try addHeaderLine("Expect:")
        if !job.request.headers.contains(where: { $0.isNamed("Content-Type") }) { try addHeaderLine("Content-Type:") }
        for header in job.request.headers {
            // "Name:" would remove a header; "Name;" is libcurl's way to send an empty one.
            let isBlank = header.value.allSatisfy(\.isWhitespace)
            try addHeaderLine(isBlank ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        try set(CURLOPT_HTTPHEADER, pointer: headerLines)
    }

    private func addHeaderLine(_ line: String) throws(OutboundError) {
        guard let longer = curl_slist_append(headerLines, line) else {
            throw .failed(CurlFailure(code: CURLE_OUT_OF_MEMORY))
        }
        headerLines = longer
    }

    /// A count that libcurl did not offer makes it stop; 0 would not, for an empty piece.
    private static let stop = Int.max

    /// The transfer behind a callback's pointer. It is alive: the loop keeps it
    /// until its handle has left the multi handle, and callbacks come from there only.
    private static func of(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
        pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(OutboundError) {
        try check(turngate_curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, text: String) throws(OutboundError) {
        try check(turngate_curl_set_pointer(easy, option, text))
    }

    private func set(_ option: CURLoption, pointer: UnsafeRawPointer?) throws(OutboundError) {
        try check(turngate_curl_set_pointer(easy, option, pointer))
    }

    private func check(_ code: CURLcode) throws(OutboundError) {
        guard code == CURLE_OK else { throw .failed(CurlFailure(code: code)) }
    }

    private func milliseconds(_ duration: Duration) -> Int {
        Int(min(max((duration / .milliseconds(1)).rounded(.up), 0), 86_400_000))
    }
}
