extension Duration {
    /// Rounded down to whole milliseconds; never negative, at most `UInt32.max`.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < Int64(UInt32.max) / 1_000 else { return Int64(UInt32.max) }
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
