import CMicrohttpd
import Glibc

/// A response as bytes, for the answers that are written past libmicrohttpd.
/// They end their connection.
enum WireResponse {
    /// Fields that the framing decides.
    static let framingFields = ["Date", "Content-Length", "Transfer-Encoding", "Connection"]

    static func bytes(_ response: HTTPResponse, isHead: Bool) -> [UInt8] {
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        let reason = MHD_get_reason_phrase_for(UInt32(response.status)).map { String(cString: $0) } ?? "Unknown"
        var text = "HTTP/1.1 \(response.status) \(reason)\r\nDate: \(date())\r\nConnection: close\r\n"
        for field in response.headers where isSendable(field) { text += "\(field.name): \(field.value)\r\n" }
        if !EngineResponse.hasNoBody(response.status) { text += "Content-Length: \(body.count)\r\n" }
        text += "\r\n"
        return Array(text.utf8) + (isHead ? [] : body)
    }

    /// Neither framing nor a way to smuggle a line.
    static func isSendable(_ field: HTTPHeaders.Field) -> Bool {
        !field.name.isEmpty && field.name.utf8.areAll(HeadRules.isToken)
            && field.value.utf8.areAll { $0 != 0x0A && $0 != 0x0D && $0 != 0 }
            && !framingFields.contains { HTTPHeaders.sameName($0, field.name) }
    }

    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        guard gmtime_r(&now, &parts) != nil else { return "Thu, 01 Jan 1970 00:00:00 GMT" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let two = { (number: Int32) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
            + " \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
