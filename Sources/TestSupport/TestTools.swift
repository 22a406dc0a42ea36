import Foundation

/// Where the tests' tools are. Each has an environment variable for machines
/// that keep them elsewhere.
public enum TestTools {
    /// The package's root folder.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The Python with the project's test packages (`TURNGATE_TEST_PYTHON`).
    public static let python = environment("TURNGATE_TEST_PYTHON") ?? root + "/.venv/bin/python"

    /// The folder that `python -m room_server` runs in
    /// (`TURNGATE_TEST_ROOM_SERVER`).
    public static let roomServer = environment("TURNGATE_TEST_ROOM_SERVER") ?? root + "/dev/room-server"

    /// LiveKit's native core (`LIVEKIT_LIB_PATH`).
    public static let liveKitLibrary =
        environment("LIVEKIT_LIB_PATH") ?? root + "/.turngate/lib/liblivekit_ffi.so"

    private static func environment(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name] ?? ""
        return value.isEmpty ? nil : value
    }
}
