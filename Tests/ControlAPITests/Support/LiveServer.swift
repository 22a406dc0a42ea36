import Foundation
import HTTPServer
import TestSupport

@testable import ControlAPI

/// The API behind a real socket on a free port.
struct LiveServer {
    let server: HTTPServer
    let port: Int
    // SOCK_STREAM with SOCK_CLOEXEC, and MSG_NOSIGNAL: macros or enumerations, depending on the module that got to the header first.
    private static let stream: Int32 = 0x80001
    private static let noSignal: Int32 = 0x4000

    init(_ api: ControlAPI, port: UInt16 = 0) throws {
        let configuration = HTTPServerConfiguration(address: .ip(host: "127.0.0.1", port: port))
        server = try HTTPServer(configuration: configuration, handler: api) { api.frontErrorResponse($0, $1) }
        try server.start()
        self.port = server.port ?? 0
    }

    /// Sends raw bytes and reads until the server closes.
    func exchange(_ request: String) async throws -> String {
        try await offThePool { [port] in try Self.exchange(request, port: port) }
    }

    private static func exchange(_ request: String, port: Int) throws -> String {
        let socket = socket(AF_INET, stream, 0)
        defer { close(socket) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
        var rest = Array(request.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, noSignal) }
            if sent <= 0 { break }
            rest = rest.dropFirst(sent)
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            received += buffer[0..<count]
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// A request with the key, closed after its answer.
    func get(_ target: String, accept: String) async throws -> String {
        try await exchange(
            "GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\nAccept: \(accept)\r\nConnection: close\r\n\r\n"
        )
    }
}
