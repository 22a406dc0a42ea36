/// What this build is.
enum BuildVersion {
    /// Semantic version, in step with CHANGELOG.md and openapi.yaml (a test
    /// holds the three together).
    static let text = "0.1.0"
    /// The PyPI release of `livekit` whose native core this build speaks to.
    static let nativeCore = "1.2.1"
}
