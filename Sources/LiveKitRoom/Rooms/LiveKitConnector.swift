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
/// and `.failed` for the rest and for a cancelled task.
///
/// The core cannot call a join off. After the deadline or a cancellation,
/// `connect` therefore throws only when the core has answered, and has left the
/// room if it got there after all; but at most 5 s after the deadline. A later
/// join of the same participant waits, within its own deadline, for what even
/// then is still on its way.
public struct LiveKitConnector: RoomConnector {
    /// Makes the token for a join. Its attributes, name, metadata and kind are
    /// what the agent has from its first moment on.
    public typealias TokenProvider = @Sendable (RoomJoin) throws -> String

    private let core: LiveKitCore
    private let configuration: LiveKitConfiguration
    private let token: TokenProvider
    private let sockets: SignalSockets?

    public init(core: LiveKitCore, configuration: LiveKitConfiguration, token: @escaping TokenProvider) {
        self.core = core
        self.configuration = configuration
        self.token = token
        sockets = SignalSockets(url: configuration.url)
    }

    public func connect(_ join: RoomJoin, deadline: Duration) async throws(RoomError) -> any RoomConnection {
        try await connectToRoom(join, deadline: deadline)
    }

    private func connectToRoom(
        _ join: RoomJoin, deadline: Duration
    ) async throws(RoomError) -> LiveKitRoomConnection {
        let end = ContinuousClock.now + deadline
        let presence = CalledOffJoins.Presence(url: configuration.url, room: join.room, identity: join.identity)
        try await passCalledOffJoins(of: presence, deadline: deadline)
        let request = try joinRequest(join, deadline: end - .now)
        let attempt = JoinAttempt(core: core, configuration: configuration)
        let outcome = try await core.call("connect", timeout: end - .now, arrived: attempt.take) { asyncID in
            var request = request
            request.requestAsyncID = asyncID
            return .connect(request)
        }
        if case .delivered = outcome {
            sockets?.sendAtOnce()
            return try attempt.connection()
        }
        await callOff(attempt, of: presence, until: end + Self.patience)
        throw Self.failure(outcome, deadline: deadline)
    }

    /// Waits for what earlier joins of the same participant have left behind.
    private func passCalledOffJoins(
        of presence: CalledOffJoins.Presence, deadline: Duration
    ) async throws(RoomError) {
        switch await core.calledOffJoins.outcome(for: presence, within: deadline) {
        case .timedOut: throw .unreachable("an earlier join of this participant is still on its way")
        case let outcome: if Task.isCancelled { throw Self.failure(outcome, deadline: deadline) }
        }
    }

    private func callOff(
        _ attempt: JoinAttempt, of presence: CalledOffJoins.Presence, until limit: ContinuousClock.Instant
    ) async {
        core.calledOffJoins.insert(presence, ending: attempt.callOff())
        let joins = core.calledOffJoins
        // A task of its own: the caller's cancellation must not cut this wait.
        _ = await Task { await joins.outcome(for: presence, within: limit - .now) }.value
    }

    private static func failure(_ outcome: FFIReply.Outcome, deadline: Duration) -> RoomError {
        if case .timedOut = outcome { return .unreachable("not joined within \(deadline)") }
        return .failed("the join was cancelled")
    }

    /// How long after its deadline a join may still be waited for.
    private static let patience = Duration.seconds(5)

    /// How long the core may take to reach the server. When that was in vain
    /// it asks the server for the reason, for up to 3 s more; a second is left
    /// for its answer to win over our deadline.
    private static func connectTimeout(within deadline: Duration) -> Duration {
        max(deadline / 2, deadline - .seconds(4))
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
            // All rooms share the core's list of networks, which is told to all
            // of them at each join: whoever still gathers then opens sockets
            // for it again, thirty and more for each session.
            options.rtcConfig.continualGatheringPolicy = .gatherOnce
            // One attempt: whether and when to try again is the caller's.
            options.joinRetries = 0
            options.connectTimeoutMs = UInt64(max(1, Self.connectTimeout(within: deadline).wholeMilliseconds))
            options.dataStream.maxPayloadByteLength = UInt64(configuration.maxTextBytes)
        }
        return request
    }
}
