import Domain
import Foundation
import Logging

/// How log lines look.
enum LogFormat: String, CaseIterable, Sendable { case text, json }

/// Writes each record as one line to standard error, with one `write`, so
/// that lines of several threads do not mix.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    init(
        label: String, level: Logger.Level, format: LogFormat, metadataProvider: Logger.MetadataProvider? = nil,
        write: @escaping @Sendable (String) -> Void = { LineLogHandler.writeToStandardError($0) }
    ) {
        self.label = label
        logLevel = level
        self.format = format
        self.metadataProvider = metadataProvider
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let provided = metadataProvider?.get() ?? [:]
        let fields = provided.merging(metadata) { _, own in own }.merging(event.metadata ?? [:]) { _, own in own }
            .mapValues(\.description)
        let line =
            switch format {
            case .text: textLine(event.level, event.message.description, fields)
            case .json: jsonLine(event.level, event.message.description, fields)
            }
        write(line + "\n")
    }

    private func textLine(_ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String {
        let pairs = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.shown($0.value))" }.joined()
        let name = level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
        return "\(SystemClock().now) \(name) \(Self.onOneLine(message))\(pairs)"
    }

    private func jsonLine(_ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String {
        var object = fields
        object["time"] = SystemClock().now.description
        object["level"] = level.rawValue
        object["logger"] = label
        object["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(object) else {
            return "{\"level\":\"error\",\"message\":\"unwritable record\"}"
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// A value that could be misread is put in quotes.
    private static func shown(_ value: String) -> String {
        let line = onOneLine(value)
        return line.isEmpty || line.contains(where: { " =\"".contains($0) })
            ? "\"\(line.replacingOccurrences(of: "\"", with: "\\\""))\"" : line
    }

    /// No input can forge a second line or move a terminal's cursor.
    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            line += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }

    private static func writeToStandardError(_ line: String) {
        var rest = ArraySlice(line.utf8)
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            // Nobody reads the log any more: there is no one left to tell.
            guard written > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, written))
        }
    }
}

extension LineLogHandler {
    /// Makes all loggers of the process write lines of `format`; nil: text on
    /// a terminal, else JSON.
    static func bootstrap(level: Logger.Level, format: LogFormat?) {
        let chosen = format ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        LoggingSystem.bootstrap(
            { LineLogHandler(label: $0, level: level, format: chosen, metadataProvider: $1) },
            metadataProvider: RequestMetadata.provider)
    }
}
