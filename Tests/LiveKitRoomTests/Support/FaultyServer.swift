import TestSupport

/// Something that listens and is no room server; see `faulty_server.py`.
struct FaultyServer {
    let process: LineProcess
    let port: Int

    static func start(_ mode: String) async throws -> FaultyServer {
        let script = TestTools.root + "/Tests/LiveKitRoomTests/Peers/faulty_server.py"
        let process = try await LineProcess([TestTools.python, script, mode], directory: TestTools.root)
        guard let port = Int(try await process.line()) else { throw LineProcessError.silent }
        return FaultyServer(process: process, port: port)
    }
}
