/// What our own protocols require, and who conforms: a witness is described
/// where it is required.
struct Requirements {
    /// Requirement names by protocol.
    private var required = [String: Set<String>]()
    /// Inherited names by type.
    private var conformances = [String: Set<String>]()

    init(_ files: [SwiftSource]) {
        for file in files {
            for type in file.types {
                conformances[type.name, default: []].formUnion(type.inherited)
                guard type.keyword == "protocol" else { continue }
                let names = type.body.filter { ["func", "var"].contains(file.tokens[$0].text) }.compactMap {
                    file.text(at: $0 + 1)
                }
                required[type.name, default: []].formUnion(names)
            }
        }
    }

    /// Whether `member` of `type` answers a requirement of one of its protocols.
    func isWitness(_ member: String, of type: String) -> Bool {
        (conformances[type] ?? []).contains { required[$0]?.contains(member) == true }
    }
}
