import Domain
import SwiftProtobuf

/// Joins rooms of a LiveKit server through its native core.
///
///     let core = try LiveKitCore.start(LiveKitCoreOptions { exitAfterPanic($0) })
///     let connector = LiveKitConnector(core: core, configuration: .init(url: "wss://…")) { try token(for: $0) }
///     let room = try await connector.connect(join, deadline: .seconds(10))
///     for await event in room.events { … }
///
/// A join is one attempt. It ends with `.unreachable` when the deadline has
/// passed, when nobody answers or when the server is overloaded,
/// `.tokenRefused` for 401, 403 and malformed tokens, `.refused` for the
/// server's other refusals (404: the room does not exist and may not be made),
/// and `.failed` for the rest and for a cancelled task. A join that comes about
/// after its deadline or cancellation is left at once.
public struct LiveKitConnector: RoomConnector {
    /// Makes the token for a join. Its attributes, name, metadata and kind are
    /// what the agent has from its first moment on.
    public typealias TokenProvider = @Sendable (RoomJoin) throws -> String

    private let core: LiveKitCore
    private let configuration: LiveKitConfiguration
    private let token: TokenProvider

    public init(core: LiveKitCore, configuration: LiveKitConfiguration, token: @escaping TokenProvider) {
        self.core = core
        self.configuration = configuration
        self.token = token
    }

    public func connect(_ join: RoomJoin, deadline: Duration) async throws(RoomError) -> any RoomConnection {
        try await connectToRoom(join, deadline: deadline)
    }

    private func connectToRoom(
        _ join: RoomJoin, deadline: Duration
    ) async throws(RoomError) -> LiveKitRoomConnection {
        let request = try joinRequest(join, deadline: deadline)
        let outcome = try await core.call(
            "connect", timeout: deadline, abandoned: { [core, configuration] in
                // Joined after all, but nobody waits for it any more.
                let late = try? LiveKitRoomConnection($0, core: core, configuration: configuration)
                late?.leave()
            }
        ) { asyncID in
            var request = request
            request.requestAsyncID = asyncID
            return .connect(request)
        }
        switch outcome {
        case .delivered(let delivery):
            return try LiveKitRoomConnection(delivery, core: core, configuration: configuration)
        case .timedOut, .admitted: throw .unreachable("not joined within \(deadline)")
        case .cancelled: throw .failed("the join was cancelled")
        case .disconnected: throw .disconnected
        }
    }

    private func joinRequest(_ join: RoomJoin, deadline: Duration) throws(RoomError) -> WireConnectRequest {
        var request = WireConnectRequest()
        request.url = configuration.url
        do {
            request.token = try token(join)
        } catch {
            throw .failed("no token could be made for the join: \(error)")
        }
        request.options = .with { options in
            // Audio is asked for per track; a room that nobody listens to
            // costs no media.
            options.autoSubscribe = false
            options.adaptiveStream = false
            options.dynacast = false
            options.singlePeerConnection = true
            // One attempt that may take as long as the caller gives it:
            // whether and when to try again is the caller's.
            options.joinRetries = 0
            options.connectTimeoutMs = UInt64(max(1, deadline.wholeMilliseconds))
            options.dataStream.maxPayloadByteLength = UInt64(configuration.maxTextBytes)
        }
        return request
    }
}
