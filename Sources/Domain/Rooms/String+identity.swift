extension String {
    /// Whether `other` is the same identity of a participant: byte by byte, as
    /// LiveKit tells them apart. `==` would take two for one that only look
    /// alike, and give one the other's floor and rights.
    public func isIdentity(_ other: String?) -> Bool {
        guard let other else { return false }
        return utf8.elementsEqual(other.utf8)
    }
}
