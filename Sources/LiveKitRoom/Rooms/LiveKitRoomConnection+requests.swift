import Domain

extension LiveKitRoomConnection {
    /// What the port allows for an answer of the server.
    private static let answerTimeout = Duration.seconds(10)

    public func setAttributes(_ attributes: [String: String]) async throws(RoomError) {
        var request = WireSetLocalAttributesRequest()
        request.localParticipantHandle = try localID()
        request.attributes = attributes.map { key, value in
            .with { ($0.key, $0.value) = (key, value) }
        }
        try await changes.pass("set attributes", within: Self.answerTimeout, tie: pending) { () throws(RoomError) in
            try await confirm("set attributes", orShown: { $0.shows(attributes) }) { asyncID in
                request.requestAsyncID = asyncID
                return .setLocalAttributes(request)
            }
        }
    }

    public func setMetadata(_ metadata: String) async throws(RoomError) {
        var request = WireSetLocalMetadataRequest()
        request.localParticipantHandle = try localID()
        request.metadata = metadata
        try await change("set metadata", shown: { $0.metadata == metadata }) { asyncID in
            request.requestAsyncID = asyncID
            return .setLocalMetadata(request)
        }
    }

    public func setName(_ name: String) async throws(RoomError) {
        var request = WireSetLocalNameRequest()
        request.localParticipantHandle = try localID()
        request.name = name
        try await change("set the name", shown: { $0.name == name }) { asyncID in
            request.requestAsyncID = asyncID
            return .setLocalName(request)
        }
    }

    public func sendData(
        _ payload: [UInt8], topic: String, reliable: Bool, destinations: [String]
    ) async throws(RoomError) {
        var request = WirePublishDataRequest()
        request.localParticipantHandle = try localID()
        request.topic = topic
        request.reliable = reliable
        request.destinationIdentities = destinations
        // The request carries the payload's address. The core copies it before
        // its call returns; the memory outlives that by the wait for the answer.
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, payload.count))
        defer { buffer.deallocate() }
        _ = buffer.initialize(from: payload)
        request.dataPtr = UInt64(UInt(bitPattern: buffer.baseAddress))
        request.dataLen = UInt64(payload.count)
        try await confirm("send data") { asyncID in
            request.requestAsyncID = asyncID
            return .publishData(request)
        }
    }

    public func sendText(
        _ text: String, topic: String, attributes: [String: String], destinations: [String]
    ) async throws(RoomError) {
        var request = WireStreamSendTextRequest()
        request.localParticipantHandle = try localID()
        request.text = text
        request.options.topic = topic
        request.options.attributes = attributes
        request.options.destinationIdentities = destinations
        try await confirm("send text") { asyncID in
            request.requestAsyncID = asyncID
            return .sendText(request)
        }
    }

    /// Changes something of the agent itself, one change at a time. With each
    /// of them the core sends the name and the metadata that it knows, so one
    /// that is sent before the core has heard of the last (`shown`) would undo
    /// it.
    private func change(
        _ operation: String, shown: (@Sendable (RoomParticipant) -> Bool)? = nil,
        _ message: (UInt64) -> WireFfiRequest.OneOf_Message
    ) async throws(RoomError) {
        let deadline = ContinuousClock.now + Self.answerTimeout
        try await changes.pass(operation, within: Self.answerTimeout, tie: pending) { () throws(RoomError) in
            try await confirm(operation, within: deadline - .now, message)
            if let shown { await localParticipant(shows: shown, within: min(deadline - .now, .seconds(2))) }
        }
    }

    /// Makes a request and waits for the room's word that it is done, or until
    /// the room shows that it is: the core misses an answer that comes in the
    /// very moment of the request (about one of 240 on a quick machine) and
    /// would wait its whole 5 s for it.
    private func confirm(
        _ operation: String, orShown shown: @escaping @Sendable (RoomParticipant) -> Bool,
        _ message: (UInt64) -> WireFfiRequest.OneOf_Message
    ) async throws(RoomError) {
        let reply = FFIReply()
        watch(for: shown, reply)
        defer { unwatch(reply) }
        let outcome = try await core.call(operation, reply, timeout: Self.answerTimeout, tie: pending, message)
        if case .admitted = outcome { return }
        try Self.check(outcome, of: operation)
    }

    /// Makes a request and waits for the room's word that it is done.
    private func confirm(
        _ operation: String, within timeout: Duration = answerTimeout,
        _ message: (UInt64) -> WireFfiRequest.OneOf_Message
    ) async throws(RoomError) {
        try Self.check(try await core.call(operation, timeout: timeout, tie: pending, message), of: operation)
    }

    private static func check(_ outcome: FFIReply.Outcome, of operation: String) throws(RoomError) {
        switch outcome {
        case .delivered(let delivery):
            if let text = delivery.message.errorText { throw ConnectFailure.requestError(operation, text) }
        case .timedOut, .admitted: throw .timeout("\(operation): no answer within \(answerTimeout)")
        case .cancelled: throw .failed("\(operation): cancelled")
        case .disconnected: throw .disconnected
        }
    }
}

extension RoomParticipant {
    /// Whether it has these attributes; an empty value means that it has none.
    fileprivate func shows(_ changes: [String: String]) -> Bool {
        changes.allSatisfy { key, value in (attributes[key] ?? "") == value }
    }
}

extension WireFfiEvent.OneOf_Message {
    /// The error text of an answer to one of the requests above; nil when the
    /// request succeeded.
    fileprivate var errorText: String? {
        switch self {
        case .setLocalAttributes(let answer): answer.hasError ? .some(answer.error) : nil
        case .setLocalMetadata(let answer): answer.hasError ? .some(answer.error) : nil
        case .setLocalName(let answer): answer.hasError ? .some(answer.error) : nil
        case .publishData(let answer): answer.hasError ? .some(answer.error) : nil
        case .sendText(let answer): answer.result == nil ? nil : .some(answer.error.description_p)
        default: "an answer of another kind"
        }
    }
}
