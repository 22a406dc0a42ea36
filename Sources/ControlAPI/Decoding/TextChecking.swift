/// Something that knows what is wrong with a string.
protocol TextChecking: Sendable {
    /// What is wrong with `text`, as a sentence's end ("must not be empty"), or nil.
    func problem(with text: String) -> String?
}
