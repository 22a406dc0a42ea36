import CCurl

/// HTTP calls going out, over libcurl: one thread drives all of them.
///
/// Only `http` and `https`, HTTP/1.1, no redirects, no proxy, no cookies, nothing
/// read from the environment. Connections are kept and shared between calls to the
/// same scheme, host and port. A host that hangs holds up the calls to it only. A call on a kept connection
/// that turns out to be dead before a byte came back is made once more on a fresh
/// one, whatever its method: give POSTs an idempotency key where that matters.
public final class OutboundHTTPClient: Sendable {
    private let inbox: Inbox
    private let thread: LoopThread

    /// Starts the thread. Throws `failed` where libcurl or the thread cannot be started.
    public init(configuration: OutboundHTTPConfiguration = OutboundHTTPConfiguration()) throws(OutboundError) {
        let multi = try MultiHandle(maxIdleConnections: configuration.maxIdleConnections)
        let limit = max(1, configuration.maxInFlight) + max(0, configuration.maxQueued)
        let limitPerHost = max(1, configuration.maxInFlightPerHost) + max(0, configuration.maxQueuedPerHost)
        let inbox = Inbox(limit: limit, limitPerHost: limitPerHost) { multi.wake() }
        self.inbox = inbox
        guard
            let thread = LoopThread(body: { EventLoop(multi: multi, inbox: inbox, configuration: configuration).run() })
        else {
            multi.destroy()
            throw .failed(CurlFailure(code: CURLE_FAILED_INIT, detail: "could not start the thread"))
        }
        self.thread = thread
    }

    deinit {
        close()
    }

    /// Makes the call and returns its answer, whatever the status.
    ///
    /// Ends within the request's timeout, with an answer or an error; cancelling
    /// the calling task ends it at once with `cancelled`.
    public func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let deadline = ContinuousClock.now + request.timeout
        let destination = try request.validate().destination
        let id = try inbox.reserve(destination)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.submit(
                    Job(
                        id: id, request: request, destination: destination, deadline: deadline,
                        continuation: continuation))
            }
        } onCancel: {
            inbox.cancel(id)
        }
        return try result.get()
    }

    /// Ends every call with `closed`, closes all connections and waits for the
    /// thread, which takes one turn of its loop. Calling it again does nothing.
    public func close() {
        inbox.close()
        thread.join()
    }
}
