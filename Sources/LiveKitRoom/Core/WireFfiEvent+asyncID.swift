extension WireFfiEvent.OneOf_Message {
    /// The id of the request that this event answers; nil for events that
    /// nobody asked for.
    var asyncID: UInt64? {
        switch self {
        case .connect(let callback): callback.asyncID
        case .disconnect(let callback): callback.asyncID
        case .publishTrack(let callback): callback.asyncID
        case .unpublishTrack(let callback): callback.asyncID
        case .captureAudioFrame(let callback): callback.asyncID
        case .getStats(let callback): callback.asyncID
        case .publishData(let callback): callback.asyncID
        case .setLocalMetadata(let callback): callback.asyncID
        case .setLocalName(let callback): callback.asyncID
        case .setLocalAttributes(let callback): callback.asyncID
        case .performRpc(let callback): callback.asyncID
        case .byteStreamOpen(let callback): callback.asyncID
        case .textStreamOpen(let callback): callback.asyncID
        case .sendText(let callback): callback.asyncID
        case .roomEvent, .audioStreamEvent, .logs, .panic, .rpcMethodInvocation, .textStreamReaderEvent: nil
        }
    }
}
