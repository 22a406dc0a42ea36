import Domain
import Foundation
import Synchronization
import TestSupport

/// A participant that uses LiveKit's official Python SDK (`official_peer.py`, or
/// `sound_peer.py` for one that makes and hears sound).
final class OfficialPeer: Sendable {
    /// Something that the peer has told.
    struct Line: Codable, Sendable {
        var id: Int?
        var ok: String?
        var code: UInt32?
        var message: String?
        var data: String?
        var event: String?
        var who: String?
        var topic: String?
        var text: String?
        var attributes: [String: String]?
        var seconds: Double?
    }

    private let process: LineProcess
    private let lastID = Mutex(0)

    /// Starts it and joins `room` as a person's device.
    static func join(
        _ server: DevelopmentRoomServer, identity: String, room: String, script: String = "official_peer"
    ) async throws -> OfficialPeer {
        let peer = OfficialPeer(
            process: try await LineProcess(
                [TestTools.python, TestTools.root + "/Tests/LiveKitRoomTests/Peers/\(script).py"],
                directory: TestTools.root))
        try await peer.event("ready")
        let token = try TokenMint.token(RoomFixture.join(identity, room: room), kind: "standard")
        try await peer.ask("connect", ["url": server.url, "token": token])
        return peer
    }

    private init(process: LineProcess) { self.process = process }

    /// Has it do something; throws its `RPCError` (code 0: any other error).
    @discardableResult
    func ask(_ what: String, _ arguments: [String: String] = [:]) async throws -> String {
        let id = lastID.withLock { last in
            last += 1
            return last
        }
        var line: [String: Any] = arguments
        line["id"] = id
        line["do"] = what
        try process.send(String(decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self))
        let answer = try decode(try await process.line { $0.hasPrefix("{\"id\": \(id),") })
        if let ok = answer.ok { return ok }
        throw RPCError(code: answer.code ?? 0, message: answer.message ?? "", data: answer.data)
    }

    /// The next unread event of this kind.
    @discardableResult
    func event(_ kind: String) async throws -> Line {
        try decode(try await process.line { $0.hasPrefix("{\"event\": \"\(kind)\"") })
    }

    func leave() async throws {
        try await ask("leave")
        await process.stop()
    }

    private func decode(_ line: String) throws -> Line {
        try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    }
}
