import Domain
import Synchronization

/// A room without a server, for the races that no real room can be made to
/// repeat: a test says what the participants do and in which order.
public final class FakeRoom: RoomConnector {
    /// What a peer does with a call.
    public typealias PeerMethod = @Sendable (_ payload: String) async throws(RPCError) -> String

    struct State {
        var joinError: RoomError?
        var joinGate: FakeGate?
        var joins: [RoomJoin] = []
        var connections: [FakeRoomConnection] = []
        var participants: [RoomParticipant] = []
        var methods: [String: [String: PeerMethod]] = [:]
        var nextSid = 0
        var setAttributesError: RoomError?
        var setAttributesGate: FakeGate?
        var registerMethodError: RoomError?
        var openVoiceError: RoomError?
        var receiveAudioError: RoomError?
        var audioLag: Duration?
        var audioStillness: [String: Duration] = [:]
    }

    let state = Mutex(State())
    let clock: any TurngateClock

    /// `clock` is what the agent's voice plays by.
    public init(clock: any TurngateClock = SystemClock()) { self.clock = clock }

    /// Every join that was tried, in order.
    public var joins: [RoomJoin] { state.withLock { $0.joins } }
    /// The connection that was made last.
    public var current: FakeRoomConnection? { state.withLock { $0.connections.last } }
    /// Those who are in besides the agent, in the order they came.
    public var participants: [RoomParticipant] { state.withLock { $0.participants } }

    /// From now on, joins fail with `error`; nil: they succeed.
    public func failJoins(with error: RoomError?) { state.withLock { $0.joinError = error } }
    /// From now on, joins wait for `gate`; nil: they do not.
    public func holdJoins(at gate: FakeGate?) { state.withLock { $0.joinGate = gate } }
    /// From now on, setting attributes fails with `error`; nil: it succeeds.
    public func failSetAttributes(with error: RoomError?) { state.withLock { $0.setAttributesError = error } }
    /// From now on, setting attributes waits for `gate`; nil: it does not.
    public func holdSetAttributes(at gate: FakeGate?) { state.withLock { $0.setAttributesGate = gate } }
    /// From now on, registering a method fails with `error`; nil: it succeeds.
    public func failRegisterMethod(with error: RoomError?) { state.withLock { $0.registerMethodError = error } }

    public func connect(_ join: RoomJoin, deadline: Duration) async throws(RoomError) -> any RoomConnection {
        let (gate, error) = state.withLock { state in
            state.joins.append(join)
            return (state.joinGate, state.joinError)
        }
        if let gate, await !gate.wait() { throw .timeout("cancelled") }
        if let error { throw error }
        return state.withLock { state in
            state.nextSid += 1
            let agent = RoomParticipant(
                identity: join.identity, sid: "PA_agent\(state.nextSid)", name: join.name, metadata: join.metadata,
                attributes: join.attributes, kind: .agent)
            let connection = FakeRoomConnection(room: self, agent: agent, sid: "RM_\(join.room)")
            state.connections.append(connection)
            for participant in state.participants { connection.emit(.participantJoined(participant)) }
            return connection
        }
    }

    /// A participant comes in, with methods that others can call.
    public func join(
        _ identity: String, kind: ParticipantKind = .standard, state presence: ParticipantState = .active,
        methods: [String: PeerMethod] = [:]
    ) {
        let connection: FakeRoomConnection? = state.withLock { state in
            state.nextSid += 1
            state.participants.append(
                RoomParticipant(identity: identity, sid: "PA_\(state.nextSid)", kind: kind, state: presence))
            state.methods[identity] = methods
            return state.connections.last
        }
        if let participant = participants.last { connection?.emit(.participantJoined(participant)) }
    }

    /// A participant goes.
    public func leave(_ identity: String) {
        let (participant, connection) = state.withLock { state in
            let participant = state.participants.first { $0.identity == identity }
            state.participants.removeAll { $0.identity == identity }
            state.methods[identity] = nil
            return (participant, state.connections.last)
        }
        if let participant { connection?.emit(.participantLeft(participant)) }
    }

    /// From now on, audio is said to lag so far behind calls; nil: not known.
    public func setAudioLag(_ lag: Duration?) { state.withLock { $0.audioLag = lag } }
    /// From now on, no packet of the track is said to have come for so long;
    /// nil: not known.
    public func setAudioStillness(of trackSid: String, _ stillness: Duration?) {
        state.withLock { $0.audioStillness[trackSid] = stillness }
    }
    /// From now on, publishing the agent's track fails with `error`; nil: it succeeds.
    public func failOpenVoice(with error: RoomError?) { state.withLock { $0.openVoiceError = error } }

    /// From now on, receiving a track fails with `error`; nil: it succeeds.
    public func failReceiveAudio(with error: RoomError?) { state.withLock { $0.receiveAudioError = error } }

    /// A participant publishes an audio track, or mutes or unmutes it, or (nil)
    /// takes its tracks away.
    public func setAudio(of identity: String, to audio: AudioPublication?) {
        let (participant, connection) = state.withLock { state -> (RoomParticipant?, FakeRoomConnection?) in
            guard let place = state.participants.firstIndex(where: { $0.identity == identity }) else {
                return (nil, nil)
            }
            state.participants[place].audio = audio.map { [$0] } ?? []
            return (state.participants[place], state.connections.last)
        }
        if let participant { connection?.emit(.participantUpdated(participant)) }
    }

    func method(_ name: String, of identity: String) -> PeerMethod? { state.withLock { $0.methods[identity]?[name] } }
}
