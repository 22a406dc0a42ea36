import Domain
import SwiftProtobuf

extension LiveKitCore {
    /// Makes a request whose answer comes with the call itself.
    @discardableResult
    func request(
        _ operation: String, _ message: WireFfiRequest.OneOf_Message
    ) throws(RoomError) -> WireFfiResponse {
        var request = WireFfiRequest()
        request.message = message
        do {
            let bytes: [UInt8] = try request.serializedBytes(partial: false)
            guard let answer = library.request(bytes) else {
                throw RoomError.failed("the native core refused to \(operation)")
            }
            return try WireFfiResponse(serializedBytes: answer, partial: true, options: Self.decoding)
        } catch let error as RoomError {
            throw error
        } catch {
            throw .failed("\(operation): a message cannot be encoded or decoded: \(error)")
        }
    }

    /// Makes a request whose answer comes later as an event, and waits for it
    /// no longer than `timeout`. The wait is registered before the request is
    /// made. `tie` may end it early.
    /// `arrived` takes the answer in, be it too late or not; see `FFIReply`.
    func call(
        _ operation: String, timeout: Duration, tie: PendingReplies? = nil,
        arrived: (@Sendable (FFIDelivery) -> Void)? = nil, _ message: (UInt64) -> WireFfiRequest.OneOf_Message
    ) async throws(RoomError) -> FFIReply.Outcome {
        let reply = FFIReply(arrived: arrived)
        return try await call(operation, reply, timeout: timeout, tie: tie, message)
    }

    /// The same with a wait that something else may settle as well.
    func call(
        _ operation: String, _ reply: FFIReply, timeout: Duration, tie: PendingReplies? = nil,
        _ message: (UInt64) -> WireFfiRequest.OneOf_Message
    ) async throws(RoomError) -> FFIReply.Outcome {
        let asyncID = router.register(reply)
        let tied = tie?.insert(reply)
        defer { if let tied { tie?.remove(tied) } }
        do {
            try request(operation, message(asyncID))
        } catch {
            router.forgetReply(asyncID)
            throw error
        }
        let outcome = await reply.outcome(within: timeout)
        if case .delivered = outcome { return outcome }
        // The core answers every request in the end; only one whose late
        // answer is somebody's business stays registered for it.
        if reply.arrived == nil { router.forgetReply(asyncID) }
        return outcome
    }
}
