import Foundation
import Synchronization
import TestSupport

/// Listens on one port of all addresses, IPv4 and IPv6, and notes which address
/// each connection was made to. It answers with 204, once.
final class EveryAddressListener: Sendable {
    struct Failure: Error {
        let step: String
    }

    private let listeners: [Int32]
    private let arrivals = Mutex<[String]>([])
    let port: UInt16
    /// Whether the machine has IPv6 at all.
    let hasIPv6: Bool

    /// The addresses that were connected to, in the order of the connections.
    var destinations: [String] { arrivals.withLock { $0 } }

    /// On `port`, or on one that is free in both families.
    init(port wanted: UInt16 = 0) throws {
        var found = try? Self.pair(wanted)
        for _ in 0..<50 where found == nil && wanted == 0 { found = try? Self.pair(wanted) }
        guard let found else { throw Failure(step: "bind") }
        (listeners, port, hasIPv6) = found
        for listener in listeners {
            Thread.detachNewThread { [self] in acceptAll(listener) }
        }
    }

    private static func pair(_ wanted: UInt16) throws -> ([Int32], UInt16, Bool) {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = wanted.bigEndian
        let listener4 = try listen(AF_INET, &four)
        let port = UInt16(bigEndian: four.sin_port)
        let probe = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return ([listener4], port, false) }
        close(probe)
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = four.sin_port
        do {
            return ([listener4, try listen(AF_INET6, &six)], port, true)
        } catch {
            close(listener4)
            throw error
        }
    }

    func stop() {
        for listener in listeners { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    /// Binds to the wildcard address and notes the port in `address`.
    private static func listen<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4) }
        var length = socklen_t(MemoryLayout<Address>.size)
        let outcome = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard bind(descriptor, pointer, length) == 0, Foundation.listen(descriptor, 512) == 0 else { return -1 }
            return getsockname(descriptor, pointer, &length)
        }
        guard outcome == 0 else {
            close(descriptor)
            throw Failure(step: "bind")
        }
        return descriptor
    }

    private func acceptAll(_ listener: Int32) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            arrivals.withLock { $0.append(Self.localAddress(of: descriptor)) }
            Thread.detachNewThread {
                let connection = LocalConnection(descriptor: descriptor)
                var limit = timeval(tv_sec: 5, tv_usec: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                // A greeting of TLS holds no line's end for long; its client is let go.
                if connection.readFirstLine()?.hasPrefix("GET ") == true {
                    connection.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                }
                close(descriptor)
            }
        }
        close(listener)
    }

    private static func localAddress(of descriptor: Int32) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: 256)
        let outcome = withUnsafeMutableBytes(of: &storage) { bytes -> Int32 in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard getsockname(descriptor, pointer, &length) == 0 else { return -1 }
            return getnameinfo(pointer, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
        }
        guard outcome == 0 else { return "?" }
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
