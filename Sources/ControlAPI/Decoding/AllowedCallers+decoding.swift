import Domain

extension AllowedCallers {
    /// Reads `allowed_callers`; nil where it is absent, `null` or wrong. Nobody at
    /// all is refused: such a method could never be called.
    init?(in reader: inout ObjectReader) {
        guard let value = reader.take("allowed_callers"), value != .null else { return nil }
        let path = reader.field("allowed_callers")
        let known = reader.errors.errors.count
        guard var callers = ObjectReader.reader(of: value, path: path, errors: reader.errors) else { return nil }
        let identities = callers.strings("identities", Limits.name, count: 0...Limits.allowedIdentities)
        let kinds = callers.choices("kinds", ParticipantKind.self)
        let hasFloor = callers.bool("floor_holder")
        callers.finish()
        self.init(
            identities: Set(identities ?? []), kinds: Set(kinds ?? []), floorHolder: hasFloor ?? false)
        let isEmpty = self.identities.isEmpty && self.kinds.isEmpty && !floorHolder
        if isEmpty, reader.errors.errors.count == known { reader.fail("allowed_callers", "must name somebody") }
    }
}
