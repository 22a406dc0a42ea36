import Foundation
import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct AddressTests {
    static func server(_ addresses: HTTPListenAddress...) throws -> HTTPServer {
        try HTTPServer(
            configuration: HTTPServerConfiguration(addresses: addresses),
            handler: HTTPClosureHandler { text($0.remoteAddress ?? "local") }, errorResponse: frontError)
    }

    @Test(
        arguments: [
            ("127.0.0.1:8080", .ip(host: "127.0.0.1", port: 8080)), ("[::]:8080", .ip(host: "::", port: 8080)),
            ("[::1]:0", .ip(host: "::1", port: 0)), (":80", .ip(host: "::", port: 80)),
            ("localhost:1", .ip(host: "127.0.0.1", port: 1)), ("unix:/run/a.sock", .unix(path: "/run/a.sock")),
            ("::1:80", nil), ("127.0.0.1", nil), ("127.0.0.1:70000", nil), ("example.com:80", nil), ("unix:", nil),
            ("[127.0.0.1]:80", nil), ("", nil), ("300.0.0.1:80", nil),
            ("unix:" + String(repeating: "p", count: 108), nil),
        ] as [(String, HTTPListenAddress?)])
    func addressText_isReadOrRefused(text: String, address: HTTPListenAddress?) {
        #expect(HTTPListenAddress(text) == address)
        if let address { #expect(HTTPListenAddress(address.description) == address) }
    }

    @Test func ipv6_isServedAndIPv4ThroughIt() async throws {
        let server = try Self.server(.ip(host: "::", port: 0))
        try server.start()
        let port = try #require(server.port)
        try await offThePool {
            let six = try SocketClient(ipv6Port: port), four = try SocketClient(port: port)
            six.request("GET /")
            four.request("GET /")
            #expect(try six.reply().text == "::1")
            #expect(try four.reply().text == "127.0.0.1")
        }
        await server.stop()
    }

    @Test func unixSocket_isServedAndItsFileRemoved() async throws {
        let path = "/tmp/http-server-test-\(UUID().uuidString).sock"
        for _ in 0..<2 {
            let server = try Self.server(.unix(path: path))
            try server.start()
            #expect(server.port == nil)
            try await offThePool {
                let client = try SocketClient(unixPath: path)
                for _ in 0..<3 {
                    client.request("GET /")
                    #expect(try client.reply().text == "local")
                }
            }
            #expect(throws: HTTPServerError.addressInUse(.unix(path: path))) {
                try Self.server(.unix(path: path)).start()
            }
            #expect(FileManager.default.fileExists(atPath: path))
            await server.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func staleSocketFile_isReplacedAndAnotherFileIsNot() async throws {
        let path = "/tmp/http-server-test-\(UUID().uuidString).sock"
        defer { unlink(path) }
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(stale)
        let server = try Self.server(.unix(path: path))
        try server.start()
        await server.stop()

        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: HTTPServerError.self) { try Self.server(.unix(path: path)).start() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func addressInUse_isSaidAndTheFirstAddressGivenBack() async throws {
        let first = try Self.server(.ip(host: "127.0.0.1", port: 0))
        try first.start()
        let taken = HTTPListenAddress.ip(host: "127.0.0.1", port: UInt16(try #require(first.port)))
        let path = "/tmp/http-server-test-\(UUID().uuidString).sock"
        #expect(throws: HTTPServerError.addressInUse(taken)) { try Self.server(.unix(path: path), taken).start() }
        #expect(!FileManager.default.fileExists(atPath: path))
        await first.stop()
        let second = try Self.server(taken)
        try second.start()
        await second.stop()
    }

    @Test func addressThatIsNotOurs_isSaid() throws {
        let address = HTTPListenAddress.ip(host: "192.0.2.1", port: 80)
        #expect(throws: HTTPServerError.cannotListen(address, reason: "Cannot assign requested address")) {
            try Self.server(address).start()
        }
    }
}
