import Foundation
import Testing

@testable import LiveKitRoom

/// The sockets of this very process: those that lead to the room server, and others.
struct SignalSocketsTests {
    @Test func theSocketsThatLeadToTheServer_sendAtOnce_andNoOthers() throws {
        let server = try Listener()
        let other = try Listener()
        let signal = try server.connect()
        let stranger = try other.connect()
        defer { for socket in [server.descriptor, other.descriptor, signal, stranger] { close(socket) } }
        let sockets = try #require(SignalSockets(url: "ws://127.0.0.1:\(server.port)/rtc"))
        sockets.sendAtOnce()
        #expect(Self.sendsAtOnce(signal))
        #expect(!Self.sendsAtOnce(stranger))
    }

    @Test(arguments: [
        ("wss://a.livekit.cloud", "https://a.livekit.cloud:443"), ("ws://localhost", "HTTP://localhost:80/x"),
    ])
    func whereTheAddressNamesNoPort_itsSchemeDoes(without: String, with: String) throws {
        #expect(try #require(SignalSockets(url: without)) == #require(SignalSockets(url: with)))
    }

    @Test func anAddressThatIsNone_hasNoSockets() {
        #expect(SignalSockets(url: "ws://[") == nil)
        #expect(SignalSockets(url: "ws://localhost:70000") == nil)
    }

    private static func sendsAtOnce(_ socket: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length) == 0 && value != 0
    }

    /// Listens on a free port of the loopback, and accepts nobody: the kernel does.
    private struct Listener {
        let descriptor: Int32
        let port: UInt16

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            try Self.with(&address) { try #require(bind(descriptor, $0, length) == 0) }
            try #require(listen(descriptor, 4) == 0)
            try Self.with(&address) { try #require(getsockname(descriptor, $0, &length) == 0) }
            port = UInt16(bigEndian: address.sin_port)
        }

        func connect() throws -> Int32 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            address.sin_port = port.bigEndian
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            try Self.with(&address) { try #require(Glibc.connect(client, $0, length) == 0) }
            return client
        }

        private static func with(
            _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) throws -> Void
        ) rethrows {
            try withUnsafeMutablePointer(to: &address) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0) }
            }
        }
    }
}
