/// Writes the Prometheus text format 0.0.4 and OpenMetrics 1.0, which differ
/// in a counter family's name and in the closing line.
struct MetricsWriter {
    private let format: MetricsRegistry.Format
    private var text = ""

    init(format: MetricsRegistry.Format) { self.format = format }

    mutating func family(_ name: String, kind: String, help: String) {
        var family = name
        if format == .openMetrics, kind == "counter", name.hasSuffix("_total") { family.removeLast("_total".count) }
        text += "# HELP \(family) \(escape(help, quotes: format == .openMetrics))\n# TYPE \(family) \(kind)\n"
    }

    mutating func sample(_ name: String, _ labels: [String], _ values: [String], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = zip(labels, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(number(value))\n"
    }

    mutating func histogram(_ name: String, _ labels: [String], _ values: [String], _ histogram: Histogram) {
        let (counts, sum) = histogram.snapshot
        var running: UInt64 = 0
        for (index, count) in counts.enumerated() {
            running += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            sample(name + "_bucket", labels + ["le"], values + [bound], Double(running))
        }
        sample(name + "_sum", labels, values, sum)
        sample(name + "_count", labels, values, Double(running))
    }

    consuming func finish() -> String { format == .openMetrics ? text + "# EOF\n" : text }

    private func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    private func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
