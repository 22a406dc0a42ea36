/// What this build is.
enum BuildVersion {
    /// Semantic version; a test holds it against openapi.yaml.
    static let text = "0.1.0"
    /// The PyPI release of `livekit` whose native core this build speaks to; a
    /// test holds it against what the set-up fetches.
    static let nativeCore = "1.2.1"
}
