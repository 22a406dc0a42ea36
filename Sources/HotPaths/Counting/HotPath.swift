/// Something that the service does very often, as it is counted.
@Driver struct HotPath {
    /// What the table and the thresholds call it.
    let name: String
    /// How many of them are counted: so many that what happens only once does not matter.
    let operations: Int
    /// Does so many of them, one after the other, and looks at what came of each.
    let perform: @Driver (_ count: Int) async throws -> Void
}
