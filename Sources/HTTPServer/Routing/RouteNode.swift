/// A segment of the router's tree, built once and then only read.
struct RouteNode: Sendable {
    struct Entry: Sendable {
        let route: HTTPRoute
        let names: [String]
    }

    private var literals: [String: RouteNode] = [:]
    private var parameter: [RouteNode] = []  // none or one; an array because a struct cannot hold itself
    private(set) var entries: [HTTPMethod: Entry] = [:]

    mutating func insert(_ entry: Entry, at segments: ArraySlice<RoutePattern.Segment>) throws(HTTPRoutingError) {
        guard let segment = segments.first else {
            guard entries[entry.route.method] == nil else {
                throw .duplicateRoute(entry.route.method, pattern: entry.route.pattern)
            }
            entries[entry.route.method] = entry
            return
        }
        switch segment {
        case .literal(let text):
            var child = literals[text] ?? RouteNode()
            try child.insert(entry, at: segments.dropFirst())
            literals[text] = child
        case .parameter:
            var child = parameter.first ?? RouteNode()
            try child.insert(entry, at: segments.dropFirst())
            parameter = [child]
        }
    }

    /// The node of a path. A literal wins over a parameter; where it leads
    /// nowhere, the parameter is tried.
    func find(_ segments: [String], from place: Int, values: inout [String]) -> RouteNode? {
        guard place < segments.count else { return entries.isEmpty ? nil : self }
        let segment = segments[place]
        if let child = literals[segment], let found = child.find(segments, from: place + 1, values: &values) {
            return found
        }
        guard !segment.isEmpty, let child = parameter.first else { return nil }
        values.append(segment)
        if let found = child.find(segments, from: place + 1, values: &values) { return found }
        values.removeLast()
        return nil
    }

    /// The methods of this path, sorted, with those that the router answers itself.
    var allowed: [HTTPMethod] {
        var methods = Set(entries.keys).union([.options])
        if methods.contains(.get) { methods.insert(.head) }
        return methods.sorted { $0.rawValue < $1.rawValue }
    }

    /// One pattern of this path: all of them have the same shape.
    var pattern: String {
        allowed.lazy.compactMap { entries[$0]?.route.pattern }.first ?? ""
    }
}
