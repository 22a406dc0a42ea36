import HTTPServer

/// What a client wants to have (RFC 9110, section 12.5.1).
struct AcceptHeader {
    private struct Range {
        var type: Substring
        var subtype: Substring
        var quality: Double

        /// 2 for the very type, 1 for `type/*`, 0 for `*/*`, -1 for no match.
        func specificity(for name: (type: Substring, subtype: Substring)) -> Int {
            if type == "*", subtype == "*" { return 0 }
            guard type.equalsIgnoringCase(name.type) else { return -1 }
            if subtype == "*" { return 1 }
            return subtype.equalsIgnoringCase(name.subtype) ? 2 : -1
        }
    }

    private let ranges: [Range]

    /// Several fields count as one list; none means that everything is welcome.
    init(_ headers: HTTPHeaders) {
        let fields = headers.all("Accept")
        if fields.isEmpty {
            (ranges, isAbsent) = ([], true)
            return
        }
        let all = fields.joined(separator: ",")
        ranges = all.utf8.split(separator: UInt8(ascii: ",")).compactMap { Self.range(Substring($0)) }
        isAbsent = all.utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") }
    }

    private let isAbsent: Bool

    private static func range(_ text: Substring) -> Range? {
        let parts = text.utf8.split(separator: UInt8(ascii: ";")).map { Substring($0).trimmingSpace }
        guard let first = parts.first, let name = Self.name(of: first) else { return nil }
        let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
        let quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
        return Range(type: name.type, subtype: name.subtype, quality: min(max(quality, 0), 1))
    }

    /// What stands on both sides of the only slash.
    private static func name(of mediaType: Substring) -> (type: Substring, subtype: Substring)? {
        let bytes = mediaType.utf8
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let subtype = bytes[slash...].dropFirst()
        return subtype.contains(UInt8(ascii: "/")) ? nil : (Substring(bytes[..<slash]), Substring(subtype))
    }

    /// How much `mediaType` is wanted: the word of the most specific range.
    func quality(of mediaType: String) -> Double {
        if isAbsent { return 1 }
        guard let name = Self.name(of: mediaType[...]) else { return 0 }
        var best: (specificity: Int, quality: Double) = (-1, 0)
        for range in ranges {
            let specificity = range.specificity(for: name)
            if specificity >= 0, (specificity, range.quality) > best { best = (specificity, range.quality) }
        }
        return best.quality
    }

    /// The one of `offers` that is wanted most, the first of equals; nil when none is.
    func preferred<Offer>(_ offers: [(mediaType: String, offer: Offer)]) -> Offer? {
        if isAbsent { return offers.first?.offer }
        var best: (quality: Double, offer: Offer)?
        for (mediaType, offer) in offers {
            let quality = quality(of: mediaType)
            if quality > best?.quality ?? 0 { best = (quality, offer) }
        }
        return best?.offer
    }
}

extension Substring {
    /// Without the spaces and tabs at both ends.
    var trimmingSpace: Substring {
        var text = utf8
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return Substring(text)
    }

    /// For words of ASCII, which those of the protocol are.
    func equalsIgnoringCase(_ other: Substring) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        return utf8.elementsEqual(other.utf8) { lower($0) == lower($1) }
    }
}
