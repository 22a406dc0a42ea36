import Foundation
import Synchronization

/// The development room server (`dev/room-server`) as a child of a test.
public final class DevelopmentRoomServer: Sendable {
    /// The API key that the server is started with.
    public static let key = "devkey"
    /// The secret of `key`; long enough for HMAC-SHA256.
    public static let secret = "development-secret-of-the-tests!"

    /// The port on 127.0.0.1; the same after a restart.
    public let port: Int
    private let arguments: [String]
    private let process: Mutex<LineProcess>

    /// `ws://127.0.0.1:port`.
    public var url: String { "ws://127.0.0.1:\(port)" }
    /// Where its server API and its debug API answer.
    public var httpURL: String { "http://127.0.0.1:\(port)" }
    /// The id of the running process.
    public var pid: Int32 { process.withLock { $0.pid } }

    /// Starts one on a free port and returns when it listens. `arguments` are
    /// added to its command line (faults, timeouts).
    public static func start(_ arguments: [String] = []) async throws -> DevelopmentRoomServer {
        let (process, port) = try await launch(arguments, port: 0)
        return DevelopmentRoomServer(process, port: port, arguments: arguments)
    }

    private init(_ process: LineProcess, port: Int, arguments: [String]) {
        self.port = port
        self.arguments = arguments
        self.process = Mutex(process)
    }

    private static func launch(_ arguments: [String], port: Int) async throws -> (LineProcess, Int) {
        let process = try await LineProcess(
            [TestTools.python, "-m", "room_server", "--port", "\(port)", "--key", key, "--secret", secret] + arguments,
            directory: TestTools.roomServer, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        let line = try await process.line { $0.hasPrefix("listening on ") }
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else { throw LineProcessError.silent }
        return (process, port)
    }

    /// Ends it in good order: its clients are told `server_shutdown`.
    public func stop() async { await process.withLock { $0 }.stop() }

    /// `kill -9`: its clients are told nothing.
    public func kill() async {
        let process = process.withLock { $0 }
        process.signal(SIGKILL)
        await process.stop()
    }

    /// Starts it again on the same port, after `stop` or `kill`.
    public func restart() async throws {
        let (started, _) = try await Self.launch(arguments, port: port)
        process.withLock { $0 = started }
    }
}
