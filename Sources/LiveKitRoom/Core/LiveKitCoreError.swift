/// Why LiveKit's native core cannot be used.
public enum LiveKitCoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No library could be loaded from `path`; `reason` is the loader's text.
    case cannotLoad(path: String, reason: String)

    public var description: String {
        switch self {
        case .cannotLoad(let path, let reason):
            "LiveKit's native core cannot be loaded from \(path): \(reason). "
                + "Set LIVEKIT_LIB_PATH, or fetch it into .turngate/lib"
        }
    }
}
