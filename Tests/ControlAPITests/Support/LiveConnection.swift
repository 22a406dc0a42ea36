import Foundation
import TestSupport

/// A client's socket that sends when it likes and reads what has come. Every
/// wait ends after a minute at the latest.
final class LiveConnection: Sendable {
    private let socket: Int32
    // SOCK_STREAM with SOCK_CLOEXEC, and MSG_NOSIGNAL: macros or enumerations, depending on the module that got to the header first.
    private static let stream: Int32 = 0x80001
    private static let noSignal: Int32 = 0x4000

    init(port: Int) throws {
        socket = Foundation.socket(AF_INET, Self.stream, 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let socket = socket
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { Foundation.close(socket) }

    /// Both ways are shut; the other end sees a client that is gone.
    func hangUp() { _ = shutdown(socket, Int32(SHUT_RDWR)) }

    /// False when the other end takes no more.
    @discardableResult func send(_ bytes: [UInt8]) async throws -> Bool {
        try await offThePool { [self] in sendNow(bytes) }
    }

    @discardableResult func send(_ text: String) async throws -> Bool { try await send(Array(text.utf8)) }

    /// One chunk of a chunked body; an empty one is its end.
    @discardableResult func send(chunk bytes: [UInt8]) async throws -> Bool {
        try await send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }

    /// Reads until `isEnough` or the other end closes.
    func receive(until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async throws -> [UInt8] {
        try await offThePool { [self] in receiveNow(until: isEnough) }
    }

    func sendNow(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Self.noSignal) }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    func receiveNow(until isEnough: ([UInt8]) -> Bool = { _ in false }) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnough(received) {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            received += buffer[0..<count]
        }
        return received
    }
}

/// A chunked answer as it came: its head, and its body put together.
struct ChunkedAnswer: Sendable {
    var head = ""
    var body: [UInt8] = []
    /// Whether the last chunk has come.
    var isWhole = false

    init(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        var rest = bytes[end.upperBound...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16)
        {
            rest = rest[line.upperBound...]
            if size == 0 { isWhole = true }
            guard size > 0, rest.count >= size + 2 else { return }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
    }
}
