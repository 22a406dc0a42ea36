extension String.UTF8View {
    /// Whether every byte meets `condition`. At once over the string's storage:
    /// stepping through a string byte by byte costs several times as much.
    func areAll(_ condition: (UInt8) -> Bool) -> Bool {
        withContiguousStorageIfAvailable { $0.allSatisfy(condition) } ?? allSatisfy(condition)
    }
}
