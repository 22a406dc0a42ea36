import Foundation

/// Reads entries one after the other and collects what is wrong.
struct APIKeyParser {
    private(set) var entries: [APIKeyRing.Entry] = []
    private(set) var mistakes: [APIKeyMistake] = []
    private var names: Set<String> = []
    private var digests: Set<[UInt8]> = []

    mutating func read(environment text: String) {
        guard !Self.trim(text).isEmpty else { return }
        for (index, entry) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            read(Self.trim(entry), at: .environment(entry: index + 1))
        }
    }

    mutating func read(file text: String) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let entry = Self.trim(line)
            if entry.isEmpty || entry.hasPrefix("#") { continue }
            read(entry, at: .file(line: index + 1))
        }
    }

    private mutating func read(_ text: String, at position: APIKeyMistake.Position) {
        let known = mistakes.count
        func note(_ problem: APIKeyMistake.Problem) {
            mistakes.append(APIKeyMistake(position: position, problem: problem))
        }
        if text.isEmpty { return note(.emptyEntry) }
        guard let (name, rest) = Self.cut(text, at: "=") else { return note(.missingName) }
        if !Self.isName(name) { note(.invalidName) }
        guard let (word, secret) = Self.cut(rest, at: ":") else { return note(.missingScope) }
        let scope = APIKeyScope(rawValue: word)
        if scope == nil { note(.unknownScope) }
        if secret.isEmpty { note(.emptySecret) }
        if !secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { note(.unusableSecret) }
        // Only a sound entry can be a duplicate, and only its name is sure to be
        // a name and not a secret in the wrong place.
        guard let scope, mistakes.count == known else { return }
        if !names.insert(name).inserted { note(.duplicateName(name)) }
        let digest = SHA256.hash(secret)
        if !digests.insert(digest).inserted { note(.duplicateSecret) }
        if entries.count == APIKeyRing.maximumKeys { note(.tooManyKeys) }
        guard mistakes.count == known else { return }
        entries.append(APIKeyRing.Entry(key: APIKey(name: name, scope: scope), digest: digest))
    }

    private static func cut(_ text: String, at mark: Character) -> (String, String)? {
        guard let index = text.firstIndex(of: mark) else { return nil }
        return (trim(text[..<index]), trim(text[text.index(after: index)...]))
    }

    private static func trim(_ text: some StringProtocol) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
