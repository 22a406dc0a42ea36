/// Something that breaks a rule of the house, where it stands.
struct Finding: Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var what: String

    var description: String { "\(path):\(line): \(what)" }
}
