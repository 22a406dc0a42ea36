import Foundation

/// A configuration file: `NAME=value` lines with the names of the environment
/// variables; empty lines and lines that begin with `#` do not count, and a
/// value may stand in double quotes.
struct SettingsFile {
    /// The longest file that is read.
    static let maximumBytes = 64 * 1024

    private(set) var values: [Setting: String] = [:]
    /// What is wrong with it, line by line.
    private(set) var problems: [String] = []

    init() {}

    /// Reads the file at `path`.
    init(path: String) {
        guard let data = FileManager.default.contents(atPath: path) else {
            self.init(problem: "--config \(path): the file cannot be read")
            return
        }
        guard data.count <= Self.maximumBytes, let text = String(bytes: data, encoding: .utf8) else {
            self.init(problem: "--config \(path): not UTF-8 text of at most \(Self.maximumBytes) bytes")
            return
        }
        self.init(text: text, name: path)
    }

    private init(problem: String) { problems = [problem] }

    init(text: String, name: String) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") { continue }
            read(content, place: "\(name):\(index + 1)")
        }
    }

    private mutating func read(_ line: String, place: String) {
        guard let equals = line.firstIndex(of: "=") else {
            problems.append("\(place): not a NAME=value line")
            return
        }
        let key = line[..<equals].trimmingCharacters(in: .whitespaces)
        guard let setting = Setting(rawValue: key) else {
            problems.append("\(place): there is no setting '\(key)'")
            return
        }
        guard values[setting] == nil else {
            problems.append("\(place): \(key) is set twice")
            return
        }
        values[setting] = Self.unquoted(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces))
    }

    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
