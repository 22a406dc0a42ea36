import Foundation

/// One accepted connection of a `LocalServer`, for a handler that reads and
/// writes raw bytes. Reading gives up after 90 s, so that no test hangs for ever.
public struct LocalConnection: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        /// The request line and the header lines.
        public var head: [String]
        /// As long as `Content-Length` says.
        public var body: [UInt8]

        /// The target of the request line.
        public var path: String { head[0].split(separator: " ").dropFirst().first.map(String.init) ?? "" }

        /// The value of the first field of this name, in any case.
        public func header(_ name: String) -> String? {
            let prefix = name.lowercased() + ":"
            return head.dropFirst().first { $0.lowercased().hasPrefix(prefix) }
                .map { $0.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces) }
        }
    }

    let descriptor: Int32

    /// A connection that was accepted; whoever did so closes it.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Reads one request, or gives nil where the client has gone.
    public func readRequest() -> Request? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = read(1)?.first else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head.dropLast(4), as: UTF8.self).components(separatedBy: "\r\n")
        var request = Request(head: lines, body: [])
        if let length = request.header("Content-Length").flatMap({ Int($0) }) {
            while request.body.count < length {
                guard let piece = read(length - request.body.count) else { return nil }
                request.body += piece
            }
        }
        return request
    }

    /// Reads up to the end of the first line, or gives nil where the client has
    /// gone or says nothing that could be a line.
    public func readFirstLine() -> String? {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            guard line.count < 4096, let byte = read(1)?.first, byte >= 9, byte < 127 else { return nil }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Writes all of `text`; false where the client has gone.
    @discardableResult
    public func write(_ text: String) -> Bool {
        write(Array(text.utf8))
    }

    /// Writes all of `bytes`; false where the client has gone.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    /// Writes a whole answer; each of `headers` ends in CRLF.
    public func answer(_ body: [UInt8], status: String = "200 OK", headers: String = "") {
        // One write: two of them meet Nagle's algorithm and cost 40 ms.
        write(Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n\(headers)\r\n".utf8) + body)
    }

    /// Ends the connection the hard way, with a reset.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        // A socket of no address lets go of its peer, which `shutdown` would greet.
        var nobody = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        _ = connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Waits until the client has ended the connection.
    public func waitForEnd() {
        while read(1024) != nil {}
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: min(count, 65_536))
        let received = recv(descriptor, &bytes, bytes.count, 0)
        return received > 0 ? Array(bytes.prefix(received)) : nil
    }
}
