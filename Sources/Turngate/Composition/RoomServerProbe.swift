import Domain
import Foundation
import OutboundHTTP

/// Asks the room server for `/`, which LiveKit answers with `OK`.
struct RoomServerProbe: ReadinessProbe {
    let name = "room_server"
    private let url: String
    private let client: OutboundHTTPClient

    /// - Parameter url: `ws://…` or `wss://…`, as LiveKit's own tools have it.
    init(url: String, client: OutboundHTTPClient) {
        var components = URLComponents(string: url) ?? URLComponents()
        if components.scheme == "ws" { components.scheme = "http" }
        if components.scheme == "wss" { components.scheme = "https" }
        components.path = "/"
        self.url = components.string ?? url
        self.client = client
    }

    func problem() async -> String? {
        let request = OutboundRequest(method: .get, url: url, timeout: .seconds(2), maxResponseBytes: 64 * 1024)
        do throws(OutboundError) {
            let status = try await client.send(request).status
            return status < 500 ? nil : "the room server answers with status \(status)"
        } catch {
            return "the room server is not reached: \(error)"
        }
    }
}
