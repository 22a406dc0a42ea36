/// Thrown by `HTTPBodyWriter.write`: nobody takes the bytes any more.
public enum HTTPStreamClosed: Error, Sendable, Equatable {
    /// The client closed the connection or did not read for the idle timeout.
    case clientGone
    /// The server is stopping.
    case serverStopping
    /// The producer has already returned, and its writer was kept.
    case finished
}
