import Domain

extension LiveKitRoomConnection {
    public func registerMethod(_ method: String) async throws(RoomError) {
        var request = WireRegisterRpcMethodRequest()
        request.localParticipantHandle = try localID()
        request.method = method
        withRPC { rpc, _ in _ = rpc.methods.insert(method) }
        try core.request("register a method", .registerRpcMethod(request))
    }

    public func unregisterMethod(_ method: String) async throws(RoomError) {
        var request = WireUnregisterRpcMethodRequest()
        request.localParticipantHandle = try localID()
        request.method = method
        try core.request("unregister a method", .unregisterRpcMethod(request))
        withRPC { rpc, _ in _ = rpc.methods.remove(method) }
    }

    /// Takes in a call of one of `local`'s methods, on the pump's thread.
    func called(_ invocation: RPCInvocation, of local: UInt64) {
        let isLeaving = withRPC { rpc, ended in
            rpc.called(invocation.handle)
            return ended
        }
        // The calls may have been refused already, and nobody hears of this one.
        if isLeaving { refuseUnanswered(of: local) } else { tell(.rpcInvoked(invocation)) }
    }

    /// Error messages and data over LiveKit's limits are cut, at a character.
    /// A payload over the limit reaches callers of RPC version 1 as 1504. An
    /// answer to a call of another connection goes nowhere.
    public func respond(
        to invocation: RPCInvocation, with result: Result<String, RPCError>
    ) throws(RoomError) {
        let local = try localID()
        guard withRPC({ rpc, _ in rpc.answers(invocation.handle) }) else { return }
        try answer(invocation.handle, of: local, with: result)
    }

    private func answer(
        _ invocation: UInt64, of local: UInt64, with result: Result<String, RPCError>
    ) throws(RoomError) {
        var response = WireRpcMethodInvocationResponseRequest()
        response.localParticipantHandle = local
        response.invocationID = invocation
        switch result {
        case .success(let payload): response.payload = payload
        case .failure(let error): response.error = WireRpcError(error)
        }
        // An answer that nobody waits for any more is no fault of the agent.
        try core.request("answer an invocation", .rpcMethodInvocationResponse(response))
    }

    /// Tells the callers who still wait that the agent leaves.
    func refuseUnanswered(of local: UInt64) {
        for invocation in withRPC({ rpc, _ in rpc.takeUnanswered() }) {
            // The room may be over already; then the caller knows.
            try? answer(invocation, of: local, with: .failure(RPCError(.recipientDisconnected)))
        }
    }

    /// Makes the core let go of the room, which each registered method holds.
    func unregisterMethods(of local: UInt64) {
        for method in withRPC({ rpc, _ in rpc.methods }) {
            var request = WireUnregisterRpcMethodRequest()
            request.localParticipantHandle = local
            request.method = method
            // It can only fail where the core has forgotten the agent itself.
            _ = try? core.request("unregister a method", .unregisterRpcMethod(request))
        }
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
