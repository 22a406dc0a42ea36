import Domain

extension LiveKitRoomConnection: FFIReceiver {
    func receive(_ delivery: FFIDelivery) {
        switch delivery.message {
        case .roomEvent(let event): event.message.map { receive($0, delivery) }
        case .rpcMethodInvocation(let event): called(RPCInvocation(event), of: event.localParticipantHandle)
        case .textStreamReaderEvent(let event): receive(event)
        default: return
        }
    }

    private func receive(_ event: WireRoomEvent.OneOf_Message, _ delivery: FFIDelivery) {
        switch event {
        case .reconnecting: reconnecting()
        case .reconnected: reconnected()
        case .disconnected(let event): roomEnded(RoomDisconnectReason(event.reason))
        // The room's events end with the core's own task, whether or not it
        // said why.
        case .eos: roomEnded(.connectionLost)
        case .dataPacketReceived(let packet): RoomData(packet).map { tell(.dataReceived($0)) }
        case .chatMessage(let chat): tell(.textReceived(RoomText(chat)))
        case .textStreamOpened(let opened): open(opened, delivery)
        case .localTrackSubscribed, .localTrackRepublished: receiveTrackEvent(event, delivery)
        default:
            // First, so that a track can be asked for as soon as it is told of.
            receiveTrackEvent(event, delivery)
            apply(event)
        }
    }

    /// Reads a text stream. Its reader is consumed by the read; one that is
    /// refused is given back with the delivery, which ends it at the core.
    private func open(_ opened: WireTextStreamOpened, _ delivery: FFIDelivery) {
        let reader = opened.reader.handle.id
        guard let handle = delivery.handle(reader), withTexts({ $0.open(opened) }) else { return }
        core.router.register(self, for: reader)
        var read = WireTextStreamReaderReadIncrementalRequest()
        read.readerHandle = reader
        do {
            try core.request("read a text stream", .textReadIncremental(read))
            handle.consumed()
        } catch {
            core.router.forgetReceiver(reader)
            withTexts { $0.abandon(reader) }
        }
    }

    private func receive(_ event: WireTextStreamReaderEvent) {
        let (text, ended) = withTexts { $0.take(event) }
        if ended { core.router.forgetReceiver(event.readerHandle) }
        if let text { tell(.textReceived(text)) }
    }
}

extension RPCInvocation {
    fileprivate init(_ event: WireRpcMethodInvocationEvent) {
        self.init(
            handle: event.invocationID, requestID: event.requestID, method: event.method,
            caller: event.callerIdentity, payload: event.payload,
            responseTimeout: .milliseconds(Int64(event.responseTimeoutMs)))
    }
}

extension RoomData {
    /// Copies the payload out of the core's buffer, which lives as long as the
    /// delivery's handle; nil for packets that are not a user's.
    fileprivate init?(_ packet: WireDataPacketReceived) {
        guard case .user(let user) = packet.value else { return nil }
        let start = UnsafePointer<UInt8>(bitPattern: UInt(user.data.data.dataPtr))
        let count = start == nil ? 0 : Int(user.data.data.dataLen)
        self.init(
            sender: packet.participantIdentity.isEmpty ? nil : packet.participantIdentity, topic: user.topic,
            payload: Array(UnsafeBufferPointer(start: start, count: count)), reliable: packet.kind == .kindReliable)
    }
}

extension RoomText {
    /// LiveKit's older chat packets, in the place where today's clients send
    /// chat: the text stream topic `lk.chat`.
    fileprivate init(_ chat: WireChatMessageReceived) {
        self.init(sender: chat.participantIdentity, topic: "lk.chat", text: chat.message.message)
    }
}
