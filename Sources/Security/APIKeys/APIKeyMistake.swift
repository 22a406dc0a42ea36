/// One thing wrong with the configured API keys. It says where and what, and
/// never repeats text that could be a secret: where the shape of an entry is
/// wrong, any part of it could be.
public struct APIKeyMistake: Equatable, Sendable, CustomStringConvertible {
    /// Where an entry stands; both count from 1.
    public enum Position: Equatable, Sendable, CustomStringConvertible {
        /// The nth entry of `TURNGATE_API_KEYS`.
        case environment(entry: Int)
        /// The nth line of the file.
        case file(line: Int)

        /// The place in an operator's words.
        public var description: String {
            switch self {
            case .environment(let entry): "TURNGATE_API_KEYS, entry \(entry)"
            case .file(let line): "TURNGATE_API_KEYS_FILE, line \(line)"
            }
        }
    }

    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// Nothing between two commas.
        case emptyEntry
        /// No `=` at all.
        case missingName
        /// A name that is not 1…64 of `A–Z a–z 0–9 . _ -`.
        case invalidName
        /// No `:` after the `=`.
        case missingScope
        /// A scope other than read, write, admin.
        case unknownScope
        /// Nothing after the `:`.
        case emptySecret
        /// Spaces, control or non-ASCII characters: no `Authorization` header can carry them.
        case unusableSecret
        /// The name has an entry already.
        case duplicateName(String)
        /// The same secret as another entry: whose call would it be?
        case duplicateSecret
        /// More than `APIKeyRing.maximumKeys` entries.
        case tooManyKeys
    }

    /// Where.
    public let position: Position
    /// What.
    public let problem: Problem

    /// One line for an operator.
    public var description: String {
        "\(position): \(explanation)"
    }

    private var explanation: String {
        switch problem {
        case .emptyEntry: "the entry is empty"
        case .missingName: "expected name=scope:secret"
        case .invalidName: "the name must be 1 to 64 of letters, digits, '.', '_' and '-'"
        case .missingScope: "expected scope:secret after the name"
        case .unknownScope: "the scope must be read, write or admin"
        case .emptySecret: "the secret is empty"
        case .unusableSecret: "the secret must be printable ASCII without spaces"
        case .duplicateName(let name): "the name '\(name)' is taken by an earlier entry"
        case .duplicateSecret: "the secret is that of an earlier entry"
        case .tooManyKeys: "more than \(APIKeyRing.maximumKeys) keys"
        }
    }
}
