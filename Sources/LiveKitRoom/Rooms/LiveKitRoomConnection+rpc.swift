import Domain

extension LiveKitRoomConnection {
    public func registerMethod(_ method: String) async throws(RoomError) {
        var request = WireRegisterRpcMethodRequest()
        request.localParticipantHandle = try localID()
        request.method = method
        try core.request("register a method", .registerRpcMethod(request))
    }

    public func unregisterMethod(_ method: String) async throws(RoomError) {
        var request = WireUnregisterRpcMethodRequest()
        request.localParticipantHandle = try localID()
        request.method = method
        try core.request("unregister a method", .unregisterRpcMethod(request))
    }

    /// Error messages and data over LiveKit's limits are cut, at a character.
    /// A payload over the limit reaches callers of RPC version 1 as 1504.
    public func respond(
        to invocation: RPCInvocation, with result: Result<String, RPCError>
    ) async throws(RoomError) {
        var response = WireRpcMethodInvocationResponseRequest()
        response.localParticipantHandle = try localID()
        response.invocationID = invocation.handle
        switch result {
        case .success(let payload): response.payload = payload
        case .failure(let error): response.error = WireRpcError(error)
        }
        // An answer that nobody waits for any more is no fault of the agent.
        try core.request("answer an invocation", .rpcMethodInvocationResponse(response))
    }

    /// The peer is told to answer within `timeout` less the transport's 7 s,
    /// but at least 1 s: that is how LiveKit's SDKs share the time.
    public func performRPC(
        method: String, payload: String, destination: String, timeout: Duration
    ) async throws(RPCError) -> String {
        let outcome: FFIReply.Outcome
        do {
            outcome = try await callMethod(method, payload, destination, timeout)
        } catch {
            throw RPCError(.sendFailed, data: "\(error)")
        }
        switch outcome {
        case .delivered(let delivery): return try delivery.message.rpcResult()
        case .timedOut, .cancelled, .admitted: throw RPCError(.responseTimeout)
        case .disconnected: throw RPCError(.sendFailed, data: "the connection is over")
        }
    }

    private func callMethod(
        _ method: String, _ payload: String, _ destination: String, _ timeout: Duration
    ) async throws(RoomError) -> FFIReply.Outcome {
        var request = WirePerformRpcRequest()
        request.localParticipantHandle = try localID()
        request.destinationIdentity = destination
        request.method = method
        request.payload = payload
        request.responseTimeoutMs = UInt32(clamping: timeout.wholeMilliseconds)
        // The core's own two waits come to exactly this sum; the second more
        // is for its answer to win over our deadline.
        let bound = timeout + .seconds(8)
        return try await core.call("perform an RPC", timeout: bound, tie: pending) { asyncID in
            request.requestAsyncID = asyncID
            return .performRpc(request)
        }
    }
}

extension WireFfiEvent.OneOf_Message {
    fileprivate func rpcResult() throws(RPCError) -> String {
        guard case .performRpc(let answer) = self else {
            throw RPCError(.sendFailed, data: "an answer of another kind")
        }
        guard answer.hasError else { return answer.payload }
        let error = answer.error
        throw RPCError(code: error.code, message: error.message, data: error.hasData ? error.data : nil)
    }
}

extension WireRpcError {
    fileprivate init(_ error: RPCError) {
        self.init()
        code = error.code
        message = error.message.cut(toBytes: RPCLimits.errorMessageBytes)
        if let data = error.data { self.data = data.cut(toBytes: RPCLimits.errorDataBytes) }
    }
}
