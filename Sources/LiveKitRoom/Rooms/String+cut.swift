extension String {
    /// The longest beginning that has at most `limit` bytes of UTF-8 and ends
    /// with a whole character.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var bytes = 0
        let whole = prefix { character in
            bytes += character.utf8.count
            return bytes <= limit
        }
        return String(whole)
    }
}
