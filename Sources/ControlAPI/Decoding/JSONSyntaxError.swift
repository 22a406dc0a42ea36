/// Why a text is not JSON that we take.
struct JSONSyntaxError: Error, Equatable {
    /// What is wrong, as a sentence's end: "has …", "ends …".
    var message: String
    /// Bytes from the start of the text.
    var offset: Int
}
