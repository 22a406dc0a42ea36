import Foundation

/// The dependencies that `Package.swift` gives to our targets, read as text:
/// asking the package manager from inside its own test run would wait for itself.
struct PackageManifest {
    private(set) var dependencies = [String: Set<String>]()

    init(text: String) {
        var text = text.replacing(#/\/\/[^\n]*/#, with: "")
        for match in text.matches(of: #/let (\w+) = Target\.Dependency(\.product\([^)]*\))/#).reversed() {
            let (name, product) = (match.1, match.2)
            text = text.replacingOccurrences(
                of: "\\b\(name)\\b(?=\\s*[,\\]])", with: String(product), options: .regularExpression)
        }
        text.replace(#/\.product\(name: ("\w+")[^)]*\)/#) { $0.1 }
        for match in text.matches(of: #/room\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/#) {
            dependencies[String(match.1)] = Self.names(match.2 ?? "")
        }
        for match in text.matches(of: #/executableTarget\(\s*name: "(\w+)",\s*dependencies: \[([^\]]*)\]/#) {
            dependencies[String(match.1)] = Self.names(match.2)
        }
    }

    private static func names(_ list: Substring) -> Set<String> {
        Set(list.matches(of: #/"(\w+)"/#).map { String($0.1) })
    }
}
