/// Requests as they go over the wire, with the headers that HTTP clients send.
enum Request {
    static func get(_ path: String, _ headers: String = "") -> [UInt8] { bytes("GET", path, headers, "") }

    static func put(_ path: String, _ json: String) -> [UInt8] {
        bytes("PUT", path, "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n", json)
    }

    private static func bytes(_ method: String, _ path: String, _ headers: String, _ body: String) -> [UInt8] {
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            User-Agent: hot-paths\r
            Accept: */*\r
            Accept-Encoding: gzip\r
            Authorization: Bearer \(OneKey.secret)\r\n
            """
        return Array("\(head)\(headers)\r\n\(body)".utf8)
    }
}
