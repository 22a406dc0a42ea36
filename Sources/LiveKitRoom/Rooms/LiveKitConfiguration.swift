/// Which LiveKit server to join rooms of, and the bounds of a connection.
public struct LiveKitConfiguration: Sendable, Equatable {
    /// `ws://`, `wss://`, `http://` or `https://`.
    public var url: String
    /// How many events may wait for the consumer of `events`; one more ends
    /// the connection.
    public var maxPendingEvents: Int
    /// The longest text stream (and RPC payload of version 2) taken in, bytes.
    public var maxTextBytes: Int
    /// How many text streams may be arriving in one room at once; further ones
    /// are refused.
    public var maxOpenTexts: Int
    /// How long a broken connection may take to come back before it is given
    /// up as `connectionLost`. The core itself gives up after 10 attempts with
    /// growing pauses: about 24 s if the server refuses them at once, minutes
    /// if nobody answers.
    public var reconnectTimeout: Duration

    public init(
        url: String, maxPendingEvents: Int = 4_096, maxTextBytes: Int = 1 << 20, maxOpenTexts: Int = 256,
        reconnectTimeout: Duration = .seconds(30)
    ) {
        self.url = url
        self.maxPendingEvents = maxPendingEvents
        self.maxTextBytes = maxTextBytes
        self.maxOpenTexts = maxOpenTexts
        self.reconnectTimeout = reconnectTimeout
    }
}
