/// A small page for people, without anything that runs.
struct HTMLPage {
    var title: String
    /// HTML; whatever comes from elsewhere is escaped already.
    var body: String

    var bytes: [UInt8] {
        let text = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(Self.escape(title))</title></head>
            <body>
            \(body)
            </body>
            </html>

            """
        return Array(text.utf8)
    }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
