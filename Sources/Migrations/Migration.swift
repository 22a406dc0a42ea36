/// One step of the schema: a number, a name and a script that is never edited
/// once it was released.
public struct Migration: Sendable, Hashable {
    /// The place in the order, from 1.
    public let version: Int

    /// A short name in snake_case.
    public let name: String

    /// The script as UTF-8. It runs in a transaction of ours: it must neither
    /// begin nor end one.
    public let script: [UInt8]

    /// A step from its parts.
    public init(version: Int, name: String, script: [UInt8]) {
        self.version = version
        self.name = name
        self.script = script
    }

    /// The file's name, such as `0001_sessions.sql`.
    public var file: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_\(name).sql"
    }
}
