/// A route's pattern taken apart.
struct RoutePattern {
    enum Segment: Equatable {
        case literal(String)
        case parameter
    }

    private(set) var segments: [Segment] = []
    private(set) var names: [String] = []

    init(_ pattern: String) throws(HTTPRoutingError) {
        guard pattern.hasPrefix("/") else { throw .invalidPattern(pattern) }
        if pattern == "/" {
            segments = [.literal("")]
            return
        }
        for part in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let isParameter = part.hasPrefix("{") && part.hasSuffix("}")
            let word = isParameter ? part.dropFirst().dropLast() : part
            guard !word.isEmpty, !word.contains(where: { $0 == "{" || $0 == "}" }) else {
                throw .invalidPattern(pattern)
            }
            if isParameter {
                guard !names.contains(String(word)) else { throw .invalidPattern(pattern) }
                names.append(String(word))
            }
            segments.append(isParameter ? .parameter : .literal(String(word)))
        }
    }
}
