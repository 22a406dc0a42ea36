import HTTPServer

/// What a client wants to have (RFC 9110, section 12.5.1).
struct AcceptHeader {
    private struct Range {
        var type: Substring
        var subtype: Substring
        var quality: Double

        /// 2 for the very type, 1 for `type/*`, 0 for `*/*`, -1 for no match.
        func specificity(for names: [Substring]) -> Int {
            if type == "*", subtype == "*" { return 0 }
            guard type.equalsIgnoringCase(names[0]) else { return -1 }
            if subtype == "*" { return 1 }
            return subtype.equalsIgnoringCase(names[1]) ? 2 : -1
        }
    }

    private let ranges: [Range]

    /// Several fields count as one list; none means that everything is welcome.
    init(_ headers: HTTPHeaders) {
        let all = headers.all("Accept").joined(separator: ",")
        ranges = all.split(separator: ",").compactMap(Self.range)
        isAbsent = all.allSatisfy { $0 == " " || $0 == "," }
    }

    private let isAbsent: Bool

    private static func range(_ text: Substring) -> Range? {
        let parts = text.split(separator: ";").map { $0.trimmingSpace }
        guard let names = parts.first?.split(separator: "/", omittingEmptySubsequences: false), names.count == 2 else {
            return nil
        }
        let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
        let quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
        return Range(type: names[0], subtype: names[1], quality: min(max(quality, 0), 1))
    }

    /// How much `mediaType` is wanted: the word of the most specific range.
    func quality(of mediaType: String) -> Double {
        if isAbsent { return 1 }
        let names = mediaType.split(separator: "/")
        var best: (specificity: Int, quality: Double) = (-1, 0)
        for range in ranges {
            let specificity = range.specificity(for: names)
            if specificity >= 0, (specificity, range.quality) > best { best = (specificity, range.quality) }
        }
        return best.quality
    }

    /// The one of `offers` that is wanted most, the first of equals; nil when none is.
    func preferred<Offer>(_ offers: [(mediaType: String, offer: Offer)]) -> Offer? {
        var best: (quality: Double, offer: Offer)?
        for (mediaType, offer) in offers {
            let quality = quality(of: mediaType)
            if quality > best?.quality ?? 0 { best = (quality, offer) }
        }
        return best?.offer
    }
}

extension Substring {
    var trimmingSpace: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    func equalsIgnoringCase(_ other: Substring) -> Bool { lowercased() == other.lowercased() }
}
