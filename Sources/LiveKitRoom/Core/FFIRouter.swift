import Synchronization

/// Knows who waits for which event.
final class FFIRouter: Sendable {
    private struct Routes {
        var lastAsyncID: UInt64 = 0
        var replies: [UInt64: FFIReply] = [:]
        /// By room handle, local participant's handle, or stream's handle: the
        /// core draws them all from one counter.
        var receivers: [UInt64: any FFIReceiver] = [:]
    }

    private let routes = Mutex(Routes())

    /// Registers a wait and gives the id that its request has to carry.
    func register(_ reply: FFIReply) -> UInt64 {
        routes.withLock { routes in
            routes.lastAsyncID += 1
            routes.replies[routes.lastAsyncID] = reply
            return routes.lastAsyncID
        }
    }

    func forgetReply(_ asyncID: UInt64) {
        _ = routes.withLock { $0.replies.removeValue(forKey: asyncID) }
    }

    func register(_ receiver: any FFIReceiver, for handle: UInt64) {
        routes.withLock { $0.receivers[handle] = receiver }
    }

    func forgetReceiver(_ handle: UInt64) {
        _ = routes.withLock { $0.receivers.removeValue(forKey: handle) }
    }

    /// Hands an event to whoever waits for it; otherwise lets it go.
    func route(_ delivery: FFIDelivery) {
        switch delivery.message {
        case .roomEvent(let event): receiver(event.roomHandle)?.receive(delivery)
        case .rpcMethodInvocation(let event): receiver(event.localParticipantHandle)?.receive(delivery)
        case .audioStreamEvent(let event): receiver(event.streamHandle)?.receive(delivery)
        case .textStreamReaderEvent(let event): receiver(event.readerHandle)?.receive(delivery)
        default: delivery.message.asyncID.map { answer($0, delivery) }
        }
    }

    private func receiver(_ handle: UInt64) -> (any FFIReceiver)? {
        routes.withLock { $0.receivers[handle] }
    }

    private func answer(_ asyncID: UInt64, _ delivery: FFIDelivery) {
        guard let reply = routes.withLock({ $0.replies.removeValue(forKey: asyncID) }) else { return }
        reply.arrived?(delivery)
        reply.settle(.delivered(delivery))
    }
}
