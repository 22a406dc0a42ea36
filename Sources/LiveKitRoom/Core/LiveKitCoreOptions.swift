import Foundation
import Logging

/// How LiveKit's native core is started, once per process.
public struct LiveKitCoreOptions: Sendable {
    /// Where `liblivekit_ffi.so` is; see `defaultLibraryPath`.
    public var libraryPath: String
    /// Whether the core's own log records come to `logger`. They are many
    /// (about 2,000 a second at its trace level), so the default is false.
    public var captureLogs: Bool
    /// Takes the core's log records and what the event pump has to say.
    public var logger: Logger
    /// Called when the core has panicked or its events can no longer be
    /// kept up with. The process's rooms are lost then: log and exit. Comes on
    /// the event pump's thread.
    public var onPanic: @Sendable (String) -> Void

    public init(
        libraryPath: String = LiveKitCoreOptions.defaultLibraryPath, captureLogs: Bool = false,
        logger: Logger = Logger(label: "livekit"), onPanic: @escaping @Sendable (String) -> Void
    ) {
        self.libraryPath = libraryPath
        self.captureLogs = captureLogs
        self.logger = logger
        self.onPanic = onPanic
    }

    /// `LIVEKIT_LIB_PATH` if it is set, as LiveKit's Python SDK has it, else
    /// `.turngate/lib/liblivekit_ffi.so` in the working directory.
    public static var defaultLibraryPath: String {
        let override = ProcessInfo.processInfo.environment["LIVEKIT_LIB_PATH"] ?? ""
        return override.isEmpty ? ".turngate/lib/liblivekit_ffi.so" : override
    }
}
