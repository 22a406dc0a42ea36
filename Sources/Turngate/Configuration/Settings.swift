/// The settings in force, each with where it came from.
struct Settings: Sendable {
    private let sources: [(SettingSource, [Setting: String])]
    /// What is wrong with the file, if there is one.
    let fileProblems: [String]

    /// Flags win over the environment, which wins over the file. An empty
    /// value counts as not set, as shells and compose files write it.
    init(flags: [Setting: String], environment: [String: String], file: SettingsFile) {
        let fromEnvironment = Setting.allCases.reduce(into: [Setting: String]()) { $0[$1] = environment[$1.rawValue] }
        sources = [(.flag, flags), (.environment, fromEnvironment), (.file, file.values)]
        fileProblems = file.problems
    }

    /// The value and its source; nil where nobody set it and it has no default.
    func entry(_ setting: Setting) -> (value: String, source: SettingSource)? {
        for (source, values) in sources {
            if let value = values[setting], !value.isEmpty { return (value, source) }
        }
        return setting.defaultValue.map { ($0, .default) }
    }

    subscript(setting: Setting) -> String? { entry(setting)?.value }
}
