import TestSupport

/// A proxy that holds a join up; see `holding_proxy.py`.
struct HoldingProxy {
    /// What it keeps back.
    enum Held: String {
        case request, answer
    }

    private let process: LineProcess
    private let port: Int

    var url: String { "ws://127.0.0.1:\(port)" }

    static func start(_ server: DevelopmentRoomServer, holding held: Held) async throws -> HoldingProxy {
        let script = TestTools.root + "/Tests/LiveKitRoomTests/Peers/holding_proxy.py"
        let process = try await LineProcess(
            [TestTools.python, script, "\(server.port)", held.rawValue], directory: TestTools.root)
        guard let port = Int(try await process.line()) else { throw LineProcessError.silent }
        return HoldingProxy(process: process, port: port)
    }

    /// Returns when a join has got that far.
    func holds() async throws { _ = try await process.line { $0 == "holding" } }

    /// Lets everything through from here on.
    func release() throws { try process.send("go") }

    func stop() async { await process.stop() }
}
