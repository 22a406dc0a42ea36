import Domain

/// Gathers what is wrong with a request, so that its caller learns all of it
/// at once. A class, because readers of nested objects add to the same one;
/// it never leaves the task that decodes.
final class FieldErrors {
    /// The most errors that one answer lists; a body can hold very many.
    static let limit = 100

    private(set) var errors: [FieldError] = []

    func add(_ field: String, _ message: String) {
        guard errors.count < Self.limit else { return }
        errors.append(FieldError(field: field, message: message))
    }

    /// Throws `TurngateError.invalid` when there is any.
    func check() throws(TurngateError) {
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}
