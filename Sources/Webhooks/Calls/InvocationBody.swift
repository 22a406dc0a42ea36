import Domain
import Foundation

/// A call as its handler is sent it.
enum InvocationBody {
    private struct Fields: Encodable {
        let type = "rpc.invocation"
        let id: String
        let session_id: String
        let room: String
        let method: String
        let caller: Caller
        let received_at: String
        let deadline: String
        let attempt = 1
    }

    private struct Caller: Encodable {
        let identity: String
        let kind: String
        let attributes: [String: String]
    }

    /// The payload is put in as it was read where it is JSON: without spaces or a
    /// byte order mark, which have no place here; its numbers and the order of
    /// its keys stay.
    static func bytes(of invocation: PendingInvocation) throws(HandlerFailure) -> [UInt8] {
        let caller = invocation.caller
        let fields = Fields(
            id: "\(invocation.id)", session_id: "\(invocation.sessionID)", room: invocation.room,
            method: invocation.method,
            caller: Caller(identity: caller.identity, kind: caller.kind.rawValue, attributes: caller.attributes),
            received_at: "\(invocation.receivedAt)", deadline: "\(invocation.deadline)")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let payload = try payload(of: invocation, encoder)
            return try encoder.encode(fields).dropLast() + Array(",\"payload\":".utf8) + payload + Array("}".utf8)
        } catch {
            throw .refused("the call has no JSON form")
        }
    }

    private static func payload(of invocation: PendingInvocation, _ encoder: JSONEncoder) throws -> [UInt8] {
        switch invocation.envelope {
        case .raw: return [UInt8](try encoder.encode(invocation.payload))
        case .json:
            let isEmpty = invocation.payload.utf8.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
            return Array((isEmpty ? "null" : try JSONText(invocation.payload).compact).utf8)
        }
    }
}
