/// Everything the runtime asks of a LiveKit room. `LiveKitRoom` stands behind
/// it in production, `TestSupport.FakeRoom` in tests of races.
///
/// Calls may come from any task at once. Each returns or throws within the
/// bound that its comment gives; none waits for ever.
public protocol RoomConnection: AnyObject, Sendable {
    /// The agent itself, with what the room last confirmed.
    var localParticipant: RoomParticipant { get }
    /// The room's server-side id, `RM_…`; nil until the server has told it.
    var roomSid: String? { get }
    /// Those who are in the room besides the agent, in the order they came.
    var remoteParticipants: [RoomParticipant] { get }

    /// What happens in the room. One consumer; the stream ends after
    /// `disconnected`. Participants present at the join come first, as
    /// `participantJoined`. Buffered with a bound; a consumer that falls
    /// behind the bound makes the connection end with `.connectionLost`, and
    /// nothing is dropped silently.
    var events: AsyncStream<RoomEvent> { get }

    /// Sets the agent's attributes; keys not named stay, an empty value
    /// deletes. Returns when the server has answered (at most 10 s).
    func setAttributes(_ attributes: [String: String]) async throws(RoomError)
    /// Replaces the agent's metadata. Returns when the server has answered (at most
    /// 10 s).
    func setMetadata(_ metadata: String) async throws(RoomError)
    /// Replaces the agent's display name. Returns when the server has answered (at
    /// most 10 s).
    func setName(_ name: String) async throws(RoomError)

    /// Makes `method` callable by the others; from the return on, calls come
    /// as `rpcInvoked`. Registering a name again changes nothing.
    func registerMethod(_ method: String) async throws(RoomError)
    /// Callers get 1400 afterwards.
    func unregisterMethod(_ method: String) async throws(RoomError)
    /// Answers an invocation, once; a second answer, or one after the caller
    /// left, is dropped by the room without an error. Hands the answer over and
    /// returns at once.
    func respond(to invocation: RPCInvocation, with result: Result<String, RPCError>) throws(RoomError)
    /// Calls `method` at `destination` and waits for the answer, at most
    /// `timeout` for it plus the transport's own 7 s for its acknowledgement.
    /// Cancelling the task returns at once with `.responseTimeout`.
    func performRPC(
        method: String, payload: String, destination: String, timeout: Duration
    ) async throws(RPCError) -> String

    /// Sends a data packet to `destinations`, or to all when that is empty.
    func sendData(
        _ payload: [UInt8], topic: String, reliable: Bool, destinations: [String]
    ) async throws(RoomError)
    /// Sends a text stream to `destinations`, or to all when that is empty.
    func sendText(
        _ text: String, topic: String, attributes: [String: String], destinations: [String]
    ) async throws(RoomError)

    /// Begins to receive a participant's audio track: its frames go to `sink`
    /// until `stopReceivingAudio`, also after a reconnect and when the track
    /// comes back under the same sid. Returns when the request is with the
    /// server (at most 5 s); the first frame may come later. A second call for
    /// the track replaces its sink.
    func receiveAudio(
        _ trackSid: String, from identity: String, into sink: @escaping AudioSink
    ) async throws(RoomError)
    /// Ends it; no frame goes to the sink after the return. Idempotent.
    func stopReceivingAudio(_ trackSid: String) async
    /// Has the server send a received track (`true`, as it begins) or hold it
    /// back: then no packets come and nothing is decoded.
    func setAudioFlow(_ trackSid: String, isOn: Bool) async throws(RoomError)
    /// How far the frames of a received track lag behind a call that its
    /// participant sends at the same moment: packetizing and our jitter buffer.
    /// The network is not in it, since both travel through it. Nil while
    /// nothing is known. A measurement of the last seconds, answered at once.
    func audioLag(of trackSid: String) -> Duration?
    /// How long no packet of a received track had come when that was last looked
    /// at, a fraction of a second ago; frames may go on without any. Nil while
    /// nothing is known, or the track is held back. Answered at once.
    func audioStillness(of trackSid: String) -> Duration?
    /// Publishes the agent's audio track, called `name`. One at a time.
    func openVoice(_ name: String) async throws(RoomError) -> any RoomVoice

    /// Leaves the room. Idempotent; returns when the room has confirmed it or
    /// after 5 s. `events` ends with `disconnected(.clientInitiated)`.
    func disconnect() async
}

/// Makes connections; one per process.
public protocol RoomConnector: Sendable {
    /// Joins `room` as the agent. Returns when the agent is in the room;
    /// throws when it cannot get there before `deadline` has passed (counted
    /// from the call) or when the task is cancelled.
    func connect(_ join: RoomJoin, deadline: Duration) async throws(RoomError) -> any RoomConnection
}

/// How the agent is to appear in a room.
public struct RoomJoin: Sendable, Equatable {
    /// The room's name at the room server.
    public var room: String
    /// The agent's identity, unique in the room; whoever has it already is thrown
    /// out.
    public var identity: String
    /// The agent's display name; may be empty.
    public var name: String
    /// The agent's metadata, any text; may be empty.
    public var metadata: String
    /// Attributes it has from the first moment on.
    public var attributes: [String: String]

    public init(room: String, identity: String, name: String, metadata: String, attributes: [String: String]) {
        self.room = room
        self.identity = identity
        self.name = name
        self.metadata = metadata
        self.attributes = attributes
    }
}

/// Why something asked of a room did not happen.
public enum RoomError: Error, Sendable, Equatable {
    /// Nobody answered at the room server's address, or not in time.
    case unreachable(String)
    /// The room server refused our token.
    case tokenRefused(String)
    /// The server refused this request (for instance a missing permission).
    case refused(String)
    /// The connection is over.
    case disconnected
    /// The room did not answer within the call's bound.
    case timeout(String)
    /// The native core failed; the text says in what.
    case failed(String)
}
