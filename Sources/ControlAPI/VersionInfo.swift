/// What `/v1/version` says.
public struct VersionInfo: Sendable, Equatable {
    var version: String
    var commit: String?
    var nativeCore: String?

    /// - Parameters:
    ///   - version: Turngate's own, for instance `0.2.0`.
    ///   - commit: what it was built from, where that is known.
    ///   - nativeCore: the version of liblivekit_ffi, where that is known.
    public init(version: String, commit: String? = nil, nativeCore: String? = nil) {
        self.version = version
        self.commit = commit
        self.nativeCore = nativeCore
    }
}
