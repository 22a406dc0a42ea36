import Foundation

/// A raw HTTP/1.1 client that can misbehave. Blocking, with a deadline on every
/// read; to be used on a thread of its own (`offThePool`).
final class SocketClient {
    struct Failure: Error {
        let what: String
    }

    struct Reply: Equatable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(port: Int, seconds: Int = 60, receiveBuffer: Int32? = nil) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        descriptor = try Self.connect(AF_INET, address, seconds, receiveBuffer)
    }

    init(ipv6Port port: Int) throws {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = UInt16(port).bigEndian
        inet_pton(AF_INET6, "::1", &address.sin6_addr)
        descriptor = try Self.connect(AF_INET6, address, 60, nil)
    }

    init(unixPath: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(unixPath.utf8)) }
        descriptor = try Self.connect(AF_UNIX, address, 60, nil)
    }

    private static func connect<Address>(
        _ family: Int32, _ address: Address, _ seconds: Int, _ receiveBuffer: Int32?
    ) throws -> Int32 {
        // A child that another test starts meanwhile must not keep it open.
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(what: "socket") }
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            Foundation.close(descriptor)
            throw Failure(what: "connect \(errno)")
        }
        return descriptor
    }

    deinit { close() }

    func close() {
        if isOpen { Foundation.close(descriptor) }
        isOpen = false
    }

    func shutDownWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// What could be sent; less than all when the server has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    @discardableResult
    func send(_ text: String) -> Int {
        send(Array(text.utf8))
    }

    /// Sends a request line and fields, `Host` included, and an empty line.
    func request(_ line: String, _ fields: String..., body: String = "") {
        let lines = ["\(line) HTTP/1.1", "Host: test"] + fields
        send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// One read; empty at the end of the stream.
    func receive(atMost count: Int = 65536) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        guard received >= 0 else { throw Failure(what: "recv \(errno)") }
        return Array(bytes.prefix(received))
    }

    private func fill() throws {
        let bytes = try receive()
        guard !bytes.isEmpty else { throw Failure(what: "end of stream") }
        buffer += bytes
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = try take(end + 1)
                return String(decoding: line.dropLast(line.dropLast().last == 0x0D ? 2 : 1), as: UTF8.self)
            }
            try fill()
        }
    }

    /// Status and fields (names in lower case), interim answers skipped.
    func head() throws -> Reply {
        let words = try line().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Failure(what: "status line \(words)")
        }
        var headers: [String: String] = [:]
        while case let field = try line(), !field.isEmpty {
            let parts = field.split(separator: ":", maxSplits: 1)
            let name = parts[0].lowercased()
            guard headers[name] == nil else { throw Failure(what: "field twice: \(name)") }
            headers[name] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        return status == 100 ? try head() : Reply(status: status, headers: headers, body: [])
    }

    /// A whole answer with its body.
    func reply(toHead: Bool = false) throws -> Reply {
        var reply = try head()
        if toHead || reply.status == 204 || reply.status == 304 { return reply }
        if reply.headers["transfer-encoding"] == "chunked" {
            while let chunk = try chunk() { reply.body += chunk }
        } else if let length = reply.headers["content-length"].flatMap(Int.init) {
            reply.body = try take(length)
        } else {
            reply.body = try rest()
        }
        return reply
    }

    /// The next chunk of a chunked body; `nil` for the last one.
    func chunk() throws -> [UInt8]? {
        guard let count = Int(try line(), radix: 16) else { throw Failure(what: "chunk size") }
        let bytes = try take(count)
        guard try line().isEmpty else { throw Failure(what: "chunk end") }
        return count == 0 ? nil : bytes
    }

    /// Everything until the server closes.
    func rest() throws -> [UInt8] {
        while case let bytes = try receive(), !bytes.isEmpty { buffer += bytes }
        defer { buffer = [] }
        return buffer
    }

    /// Whether the server has ended the connection and nothing was left to read.
    func isEnded() throws -> Bool {
        try rest().isEmpty
    }
}
