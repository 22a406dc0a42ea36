/// Why a server could not start.
public enum HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Somebody else listens there.
    case addressInUse(HTTPListenAddress)
    /// The address cannot be listened on; `reason` is the system's.
    case cannotListen(HTTPListenAddress, reason: String)
    /// A system call failed; `call` names it, `reason` is the system's.
    case system(call: String, reason: String)
    /// libmicrohttpd did not start; its message went to the log.
    case engineRefused
    /// `start` was called before, and a stopped server is not started again.
    case alreadyStarted

    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .addressInUse(let address): "The address \(address) is already in use."
        case .cannotListen(let address, let reason): "Cannot listen on \(address): \(reason)."
        case .system(let call, let reason): "\(call) failed: \(reason)."
        case .engineRefused: "libmicrohttpd could not be started."
        case .alreadyStarted: "The server was started before."
        }
    }
}
