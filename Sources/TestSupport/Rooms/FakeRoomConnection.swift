import Domain
import Synchronization

/// The agent's end of a `FakeRoom`; remembers what was asked of it.
public final class FakeRoomConnection: RoomConnection {
    private struct State {
        var agent: RoomParticipant
        var methods: [String] = []
        var log: [String] = []
        var answers: [UInt64: Result<String, RPCError>] = [:]
        var waiters: [UInt64: CheckedContinuation<Result<String, RPCError>, Never>] = [:]
        var nextHandle: UInt64 = 0
        var isOver = false
        var sinks: [String: AudioSink] = [:]
        var voices: [FakeVoice] = []
        var data: [(topic: String, payload: [UInt8])] = []
        var flows: [String: Bool] = [:]
    }

    private let room: FakeRoom
    private let sid: String
    private let state: Mutex<State>
    private let continuation: AsyncStream<RoomEvent>.Continuation
    public let events: AsyncStream<RoomEvent>

    init(room: FakeRoom, agent: RoomParticipant, sid: String) {
        self.room = room
        self.sid = sid
        state = Mutex(State(agent: agent))
        (events, continuation) = AsyncStream.makeStream(of: RoomEvent.self)
    }

    public var localParticipant: RoomParticipant { state.withLock { $0.agent } }
    public var roomSid: String? { sid }
    public var remoteParticipants: [RoomParticipant] { room.participants }
    /// The agent's methods, in the order of registration.
    public var methods: [String] { state.withLock { $0.methods } }
    /// What was asked, in order: `register NAME`, `attributes STATE`, `disconnect`.
    public var log: [String] { state.withLock { $0.log } }
    /// Whether the agent has left, or was told that it is disconnected.
    public var isOver: Bool { state.withLock { $0.isOver } }

    /// The data packets that the agent sent under `topic`, in order.
    public func data(on topic: String) -> [[UInt8]] {
        state.withLock { state in state.data.filter { $0.topic == topic }.map(\.payload) }
    }

    /// Tells the session something, as the server would.
    public func emit(_ event: RoomEvent) {
        continuation.yield(event)
        if case .disconnected = event {
            state.withLock { $0.isOver = true }
            continuation.finish()
        }
    }

    /// A participant calls one of the agent's methods; the answer comes to
    /// `answer(to:)`.
    public func invoke(_ method: String, by caller: String, payload: String) -> UInt64 {
        let handle = state.withLock { state in
            state.nextHandle += 1
            return state.nextHandle
        }
        emit(
            .rpcInvoked(
                RPCInvocation(
                    handle: handle, requestID: "request-\(handle)", method: method, caller: caller, payload: payload,
                    responseTimeout: .seconds(10))))
        return handle
    }

    /// What the agent answered to the invocation; nil before it has.
    public func answer(to handle: UInt64) -> Result<String, RPCError>? { state.withLock { $0.answers[handle] } }

    /// Waits, for as long as it takes, for what the agent answers to the
    /// invocation. One waits for each.
    public func awaitAnswer(to handle: UInt64) async -> Result<String, RPCError> {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state in
                if state.answers[handle] == nil { state.waiters[handle] = continuation }
                return state.answers[handle]
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    public func setAttributes(_ attributes: [String: String]) async throws(RoomError) {
        let (gate, error) = room.state.withLock { ($0.setAttributesGate, $0.setAttributesError) }
        if let gate, await !gate.wait() { throw .failed("cancelled") }
        if let error { throw error }
        if isOver { throw .disconnected }
        state.withLock { state in
            state.agent.attributes.merge(attributes) { _, new in new }
            state.log.append("attributes \(attributes["lk.agent.state"] ?? "-")")
        }
    }

    public func setMetadata(_ metadata: String) async throws(RoomError) {
        state.withLock { $0.agent.metadata = metadata }
    }
    public func setName(_ name: String) async throws(RoomError) { state.withLock { $0.agent.name = name } }

    public func registerMethod(_ method: String) async throws(RoomError) {
        if let error = room.state.withLock({ $0.registerMethodError }) { throw error }
        state.withLock { state in
            state.methods.append(method)
            state.log.append("register \(method)")
        }
    }

    public func unregisterMethod(_ method: String) async throws(RoomError) {
        state.withLock { state in state.methods.removeAll { $0 == method } }
    }

    public func respond(
        to invocation: RPCInvocation, with result: Result<String, RPCError>
    ) throws(RoomError) {
        let waiter = state.withLock { state in
            state.answers[invocation.handle] = result
            return state.waiters.removeValue(forKey: invocation.handle)
        }
        waiter?.resume(returning: result)
    }

    public func performRPC(
        method: String, payload: String, destination: String, timeout: Duration
    ) async throws(RPCError) -> String {
        guard let peerMethod = room.method(method, of: destination) else { throw RPCError(.unsupportedMethod) }
        return try await peerMethod(payload)
    }

    public func sendData(
        _ payload: [UInt8], topic: String, reliable: Bool, destinations: [String]
    ) async throws(RoomError) {
        state.withLock { state in
            state.log.append("data \(topic)")
            state.data.append((topic, payload))
        }
    }

    public func sendText(
        _ text: String, topic: String, attributes: [String: String], destinations: [String]
    ) async throws(RoomError) {
        state.withLock { $0.log.append("text \(topic)") }
    }

    public func receiveAudio(
        _ trackSid: String, from identity: String, into sink: @escaping AudioSink
    ) async throws(RoomError) {
        if let error = room.state.withLock({ $0.receiveAudioError }) { throw error }
        state.withLock { state in
            state.sinks[trackSid] = sink
            state.flows[trackSid] = true
            state.log.append("receive \(trackSid)")
        }
    }

    public func stopReceivingAudio(_ trackSid: String) async {
        state.withLock { state in
            state.sinks[trackSid] = nil
            state.flows[trackSid] = nil
            state.log.append("stop \(trackSid)")
        }
    }

    public func setAudioFlow(_ trackSid: String, isOn: Bool) async throws(RoomError) {
        state.withLock { state in
            state.flows[trackSid] = isOn
            state.log.append("flow \(trackSid) \(isOn ? "on" : "off")")
        }
    }

    public func audioLag(of trackSid: String) -> Duration? { room.state.withLock { $0.audioLag } }

    public func audioStillness(of trackSid: String) -> Duration? {
        room.state.withLock { $0.audioStillness[trackSid] }
    }

    public func openVoice(_ name: String) async throws(RoomError) -> any RoomVoice {
        if let error = room.state.withLock({ $0.openVoiceError }) { throw error }
        let voice = FakeVoice(clock: room.clock)
        state.withLock { state in
            state.voices.append(voice)
            state.log.append("voice \(name)")
        }
        return voice
    }

    /// The agent's tracks, in the order they were published.
    public var voices: [FakeVoice] { state.withLock { $0.voices } }
    /// Whether the track's frames are wanted.
    public func isReceiving(_ trackSid: String) -> Bool { state.withLock { $0.sinks[trackSid] != nil } }

    /// Whether the server sends a received track; nil: it is not received.
    public func flows(_ trackSid: String) -> Bool? { state.withLock { $0.flows[trackSid] } }

    /// Where a track's frames go; nil when nobody receives it.
    public func sink(of trackSid: String) -> AudioSink? { state.withLock { $0.sinks[trackSid] } }

    /// A frame of a track arrives, on this thread; false when nobody receives it.
    @discardableResult
    public func hear(_ frame: AudioFrame, on trackSid: String) -> Bool {
        guard let sink = sink(of: trackSid) else { return false }
        sink(frame)
        return true
    }

    public func disconnect() async {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            if !state.isOver { state.log.append("disconnect") }
            return !state.isOver
        }
        if isFirst { emit(.disconnected(.clientInitiated)) }
    }
}
