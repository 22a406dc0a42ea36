/// Why an access token was not minted, or not believed.
public enum LiveKitAccessTokenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The token names no API key, or one that is not ours.
    case unknownAPIKey
    /// The token itself is bad.
    case token(JSONWebTokenError)
    /// To mint: the API key is empty.
    case emptyAPIKey
    /// To mint: a token that joins has to name the room.
    case joinWithoutRoom
    /// To mint: a token that joins has to name the participant.
    case joinWithoutIdentity
    /// To mint: the token would be dead at birth.
    case timeToLiveNotPositive

    /// One phrase for a log line or a problem's `detail`.
    public var description: String {
        switch self {
        case .unknownAPIKey: "the token is of an unknown API key"
        case .token(let error): error.description
        case .emptyAPIKey: "the API key is empty"
        case .joinWithoutRoom: "a token to join needs a room"
        case .joinWithoutIdentity: "a token to join needs an identity"
        case .timeToLiveNotPositive: "the time to live must be positive"
        }
    }
}
