/// Everything that is wrong with the configured API keys, at once.
public struct APIKeyRingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The mistakes in the order of the text; never empty.
    public let mistakes: [APIKeyMistake]

    /// One line for each mistake.
    public var description: String {
        mistakes.map(\.description).joined(separator: "\n")
    }
}
