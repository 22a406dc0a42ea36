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

    public init(url: String, maxPendingEvents: Int = 4_096, maxTextBytes: Int = 1 << 20, maxOpenTexts: Int = 256) {
        self.url = url
        self.maxPendingEvents = maxPendingEvents
        self.maxTextBytes = maxTextBytes
        self.maxOpenTexts = maxOpenTexts
    }
}
