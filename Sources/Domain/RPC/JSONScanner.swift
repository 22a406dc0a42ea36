import Foundation

/// Walks through a JSON text once, without recursion, and keeps what is no
/// space between tokens.
struct JSONScanner {
    /// What was read so far, without spaces.
    private(set) var compact: [UInt8] = []
    private(set) var hasBooleanSuccess = false

    private let bytes: [UInt8]
    private var place = 0
    /// The objects and arrays that are open, the innermost last.
    private var open: [Container] = []
    /// The key that was read last in the outermost object is `success`.
    private var isAtSuccess = false

    private enum Container {
        case object, array

        var end: UInt8 { self == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    init(_ source: some Sequence<UInt8>) {
        bytes = Array(source)
        compact.reserveCapacity(bytes.count)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    /// What is to come.
    private enum Step { case value, first, rest, end }

    /// Reads the whole text: one value, and spaces around it.
    mutating func scan() throws(JSONText.Problem) {
        var step = Step.value
        while step != .end {
            step =
                switch step {
                case .value: try value()
                case .first: try first()
                case .rest: try rest()
                case .end: .end
                }
        }
    }

    // MARK: Structure

    /// A value; of an array or an object its beginning.
    private mutating func value() throws(JSONText.Problem) -> Step {
        guard let byte = peek() else { throw .notJSON }
        if isAtSuccess { hasBooleanSuccess = byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f") }
        isAtSuccess = false
        switch byte {
        case UInt8(ascii: "{"): return try enter(.object)
        case UInt8(ascii: "["): return try enter(.array)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
        return .rest
    }

    private mutating func enter(_ container: Container) throws(JSONText.Problem) -> Step {
        guard open.count < JSONText.depth else { throw .tooDeep }
        take()
        open.append(container)
        return .first
    }

    /// The first member of an array or object, or its end.
    private mutating func first() throws(JSONText.Problem) -> Step {
        guard let container = open.last, let byte = peek() else { throw .notJSON }
        if byte == container.end { return leave() }
        if container == .object { try key() }
        return .value
    }

    /// What follows a value.
    private mutating func rest() throws(JSONText.Problem) -> Step {
        let byte = peek()
        guard let container = open.last else {
            guard byte == nil else { throw .notJSON }
            return .end
        }
        if byte == container.end { return leave() }
        guard byte == UInt8(ascii: ",") else { throw .notJSON }
        take()
        if container == .object { try key() }
        return .value
    }

    private mutating func leave() -> Step {
        take()
        open.removeLast()
        return .rest
    }

    private mutating func key() throws(JSONText.Problem) {
        guard peek() == UInt8(ascii: "\"") else { throw .notJSON }
        let start = compact.count
        try string()
        if open.count == 1 { isAtSuccess = Self.isSuccess(compact[start...]) }
        guard peek() == UInt8(ascii: ":") else { throw .notJSON }
        take()
    }

    // MARK: Tokens

    private mutating func string() throws(JSONText.Problem) {
        take()
        while let byte = next() {
            compact.append(byte)
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw .notJSON
            default: break
            }
        }
        throw .notJSON
    }

    private mutating func escape() throws(JSONText.Problem) {
        guard let byte = next() else { throw .notJSON }
        compact.append(byte)
        switch byte {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = next(), digit.isHexDigit else { throw .notJSON }
                compact.append(digit)
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            break
        default: throw .notJSON
        }
    }

    private mutating func word(_ word: StaticString) throws(JSONText.Problem) {
        for index in 0..<word.utf8CodeUnitCount {
            guard let byte = next(), byte == word.utf8Start[index] else { throw .notJSON }
            compact.append(byte)
        }
    }

    private mutating func number() throws(JSONText.Problem) {
        if current == UInt8(ascii: "-") { take() }
        if current == UInt8(ascii: "0") { take() } else { try digits() }
        if current == UInt8(ascii: ".") {
            take()
            try digits()
        }
        guard current == UInt8(ascii: "e") || current == UInt8(ascii: "E") else { return }
        take()
        if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { take() }
        try digits()
    }

    private mutating func digits() throws(JSONText.Problem) {
        guard current?.isDigit == true else { throw .notJSON }
        while current?.isDigit == true { take() }
    }

    // MARK: Bytes

    private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func next() -> UInt8? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func take() {
        if let byte = next() { compact.append(byte) }
    }

    /// The next byte that is no space.
    private mutating func peek() -> UInt8? {
        while current?.isSpace == true { place += 1 }
        return current
    }

    /// Whether a key, quotes included, is `success`, however it is escaped.
    private static func isSuccess(_ key: ArraySlice<UInt8>) -> Bool {
        guard key.contains(UInt8(ascii: "\\")) else { return key.dropFirst().dropLast().elementsEqual("success".utf8) }
        return (try? JSONDecoder().decode(String.self, from: Data(key))) == "success"
    }
}

extension UInt8 {
    /// A space as JSON knows them.
    var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
}
