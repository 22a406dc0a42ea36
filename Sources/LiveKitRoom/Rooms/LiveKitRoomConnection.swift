import Domain
import Foundation
import Synchronization

/// One room, joined through LiveKit's native core. Stays joined until
/// `disconnect`, or until its `events` end.
public final class LiveKitRoomConnection: RoomConnection {
    private struct State {
        var roster: ParticipantRoster
        var texts: TextAssembler
        var rpc = RPCDuties()
        var ended = false
        var leaving: Task<Void, Never>?
        /// Why we leave; stands over what the room then tells.
        var reason: RoomDisconnectReason?
        /// Those who wait to see a change of the agent itself.
        var watchers: [(shows: @Sendable (RoomParticipant) -> Bool, seen: FFIReply)] = []
        /// Runs while the connection is being taken up again.
        var patience: Task<Void, Never>?
    }

    let core: LiveKitCore
    let pending = PendingReplies()
    let changes = Turnstile()
    let audio: ReceivedAudio
    let voices = OpenVoice()
    private let room: FFIHandle
    private let localHandle: FFIHandle
    private let outlet: RoomEventOutlet
    private let reconnectTimeout: Duration
    private let sockets: SignalSockets?
    private let state: Mutex<State>

    /// From the core's answer to a join. Keeps the room's and the agent's own
    /// handle; from here on the room has to be left.
    init(_ delivery: FFIDelivery, core: LiveKitCore, configuration: LiveKitConfiguration) throws(RoomError) {
        guard case .connect(let callback) = delivery.message else { throw .failed("connect: not a join's answer") }
        if case .error(let text) = callback.message { throw ConnectFailure.error(text) }
        guard case .result(let joined) = callback.message,
            let room = delivery.handle(joined.room.handle.id),
            let local = delivery.handle(joined.localParticipant.handle.id)
        else { throw .failed("connect: the native core's answer is incomplete") }
        self.core = core
        self.room = room
        audio = ReceivedAudio(core: core, pending: pending)
        localHandle = local
        reconnectTimeout = configuration.reconnectTimeout
        sockets = SignalSockets(url: configuration.url)
        outlet = RoomEventOutlet(capacity: configuration.maxPendingEvents)
        let roster = ParticipantRoster(joined)
        let texts = TextAssembler(maxBytes: configuration.maxTextBytes, maxOpen: configuration.maxOpenTexts)
        state = Mutex(State(roster: roster, texts: texts))
        for entry in joined.participants {
            for publication in entry.publications {
                let handle = delivery.handle(publication.handle.id)
                audio.published(publication.info, by: entry.participant.info.identity, handle)
            }
        }
        take(in: roster.remote)
    }

    /// The core holds the room's events back until it is told that somebody
    /// listens, and counts it as a fault if nobody does within 15 s.
    private func take(in present: [RoomParticipant]) {
        for participant in present { tell(.participantJoined(participant)) }
        core.router.register(self, for: room.id)
        core.router.register(self, for: localHandle.id)
        var ready = WireReadyForRoomEventRequest()
        ready.roomHandle = room.id
        do {
            try core.request("hear the room's events", .readyForRoomEvent(ready))
        } catch {
            leave(telling: .joinFailure)
        }
    }

    public var localParticipant: RoomParticipant { state.withLock { $0.roster.local } }
    public var roomSid: String? { state.withLock { $0.roster.roomSid } }
    public var remoteParticipants: [RoomParticipant] { state.withLock { $0.roster.remote } }
    public var events: AsyncStream<RoomEvent> { outlet.events }

    /// The agent's own handle, which nearly every request needs; throws when
    /// the connection is over.
    func localID() throws(RoomError) -> UInt64 {
        if state.withLock({ $0.ended }) { throw .disconnected }
        return localHandle.id
    }

    // MARK: Events in, on the pump's thread

    func tell(_ event: RoomEvent) {
        if !outlet.tell(event) { leave(telling: .connectionLost) }
    }

    func apply(_ event: WireRoomEvent.OneOf_Message) {
        let (told, seen) = state.withLock { state in
            let told = state.roster.apply(event)
            let seen = state.watchers.filter { $0.shows(state.roster.local) }.map(\.seen)
            state.watchers.removeAll { watcher in seen.contains { $0 === watcher.seen } }
            return (told, seen)
        }
        for event in told { tell(event) }
        for reply in seen { reply.settle(.admitted) }
    }

    /// Returns when the room shows the agent like this, or after `timeout`: the
    /// change was confirmed before, so a room that does not show it is no
    /// error.
    func localParticipant(
        shows: @escaping @Sendable (RoomParticipant) -> Bool, within timeout: Duration
    ) async {
        let reply = FFIReply()
        watch(for: shows, reply)
        let tied = pending.insert(reply)
        _ = await reply.outcome(within: timeout)
        pending.remove(tied)
        unwatch(reply)
    }

    /// Settles `reply` as soon as the room shows the agent like this.
    func watch(for shows: @escaping @Sendable (RoomParticipant) -> Bool, _ reply: FFIReply) {
        let shown = state.withLock { state in
            if shows(state.roster.local) { return true }
            state.watchers.append((shows, reply))
            return false
        }
        if shown { reply.settle(.admitted) }
    }

    func unwatch(_ reply: FFIReply) { state.withLock { $0.watchers.removeAll { $0.seen === reply } } }

    func withTexts<Result: Sendable>(_ body: (inout TextAssembler) -> sending Result) -> sending Result {
        state.withLock { body(&$0.texts) }
    }

    /// `ended` is true once the room is being left.
    func withRPC<Result: Sendable>(
        _ body: (inout RPCDuties, _ ended: Bool) -> sending Result
    ) -> sending Result {
        state.withLock { body(&$0.rpc, $0.ended) }
    }

    // MARK: Reconnecting

    func reconnecting() {
        state.withLock { state in
            guard !state.ended, state.patience == nil else { return }
            state.patience = Task { [weak self, reconnectTimeout] in
                // A cancelled sleep means that it came back or was left.
                guard (try? await Task.sleep(for: reconnectTimeout)) != nil else { return }
                self?.leave(telling: .connectionLost)
            }
        }
        tell(.reconnecting)
    }

    func reconnected() {
        state.withLock { state in
            state.patience?.cancel()
            state.patience = nil
        }
        audio.reconnected()
        // Over a socket of its own, and this is the core's thread.
        if let sockets { Task { sockets.sendAtOnce() } }
        tell(.reconnected)
    }

    // MARK: Leaving

    public func disconnect() async { await leave().value }

    /// Starts leaving, once; the task ends when the room has confirmed it or
    /// after 5 s, with every handle given back.
    @discardableResult
    func leave(telling reason: RoomDisconnectReason = .clientInitiated) -> Task<Void, Never> {
        state.withLock { state in
            if let leaving = state.leaving { return leaving }
            state.ended = true
            state.reason = reason
            state.patience?.cancel()
            let leaving = Task { await self.closeRoom(telling: reason) }
            state.leaving = leaving
            return leaving
        }
    }

    /// The core itself (wheel 1.2.1) never lets go of a room in which another
    /// participant's track is still published when it is left, subscribed to or
    /// not: the two hold each other, and the participant holds the engine with
    /// its peer connections, about 400 KiB (livekit/rust-sdks#1378). Giving the
    /// handles back or unsubscribing first does not part them; only the server's
    /// word that the track or the participant is gone does, or a simulated full
    /// reconnect, which would join once more.
    private func closeRoom(telling reason: RoomDisconnectReason) async {
        pending.end()
        // Before the room is closed: the core then takes the tracks' handles
        // apart itself, and that must not meet our giving them back.
        audio.end()
        refuseUnanswered(of: localHandle.id)
        let room = room.id
        _ = try? await core.call("disconnect", timeout: .seconds(5)) { asyncID in
            var request = WireDisconnectRequest()
            request.roomHandle = room
            request.requestAsyncID = asyncID
            return .disconnect(request)
        }
        outlet.end(reason)
        for reader in withTexts({ $0.openReaders }) { core.router.forgetReceiver(reader) }
        core.router.forgetReceiver(room)
        core.router.forgetReceiver(localHandle.id)
        voices.end()
        unregisterMethods(of: localHandle.id)
        localHandle.drop()
        self.room.drop()
    }

    /// The room says that it is over. When reconnecting was in vain the core
    /// gives no reason, but it is known.
    func roomEnded(_ told: RoomDisconnectReason) {
        let reason = state.withLock { state in
            state.reason ?? (told == .unknown && state.patience != nil ? .connectionLost : told)
        }
        outlet.end(reason)
        leave(telling: reason)
    }
}
