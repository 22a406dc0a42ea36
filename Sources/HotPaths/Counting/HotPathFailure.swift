/// A path did not do what it is counted for.
struct HotPathFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
