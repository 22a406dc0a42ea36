import Foundation
import Testing

/// The rules of the house, held against the tree as it is.
@Suite struct HouseTests {
    let tree = SourceTree.current

    private func report(_ findings: [Finding]) -> Comment {
        Comment(rawValue: findings.map(\.description).joined(separator: "\n"))
    }

    @Test func sources_importOnlyWhatTheArrowsAllow() throws {
        let sources = try tree.swift(under: "Sources")
        #expect(sources.count > 20, "the tree was not found at \(tree.root.path)")
        let findings = sources.flatMap(Arrows.findings)
        #expect(findings.isEmpty, report(findings))
    }

    @Test func cLibraries_areImportedByTheirWrapperAlone() throws {
        let findings = try tree.swift(under: "Tests").flatMap(Arrows.foreignFindings)
        #expect(findings.isEmpty, report(findings))
    }

    @Test func packageManifest_hasTheSameArrows() throws {
        let manifest = PackageManifest(text: try tree.text(of: "Package.swift"))
        #expect(manifest.dependencies == Arrows.allowed)
    }

    @Test func filesAndFunctions_areOfReadableSize() throws {
        let findings = try (tree.swift(under: "Sources") + tree.swift(under: "Tests")).flatMap(Sizes.findings)
        #expect(findings.isEmpty, report(findings))
    }

    @Test func pythonFiles_areOfReadableSize() throws {
        let findings = try ["dev", "Tests", "scripts", "examples"].flatMap { tree.files(under: $0, ending: ["py"]) }
            .compactMap { path -> Finding? in
                let count = try tree.text(of: path).utf8.count { $0 == UInt8(ascii: "\n") }
                return count > Sizes.fileLimitInLines ? Finding(path: path, line: 1, what: "\(count) lines") : nil
            }
        #expect(findings.isEmpty, report(findings))
    }

    @Test func sources_neitherTrapNorVouchOutsideTheWrappers() throws {
        let findings = try tree.swift(under: "Sources").flatMap(Safety.findings)
        #expect(findings.isEmpty, report(findings))
    }

    @Test func publicDeclarations_areDocumented() throws {
        let sources = try tree.swift(under: "Sources")
        let requirements = Requirements(sources)
        let findings = sources.flatMap { Documentation.findings(in: $0, requirements: requirements) }
        #expect(findings.isEmpty, report(findings))
    }

    @Test func nothing_isMarkedAsUnfinished() throws {
        let endings: Set<String> = ["swift", "py", "sql", "c", "h", "md", "yaml", "yml", "sh", "js", "html", ""]
        let folders = ["Sources", "Tests", "dev", "scripts", "docs", "docker", "examples"]
        let inFolders = folders.flatMap { tree.files(under: $0, ending: endings) }.filter { isFile($0) }
        let findings = try (inFolders + ["README.md", "CONTRIBUTING.md", "Package.swift", "Makefile"]).flatMap {
            Leftovers.findings(path: $0, text: try tree.text(of: $0))
        }
        #expect(findings.isEmpty, report(findings))
    }

    private func isFile(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: tree.root.appending(path: path).path, isDirectory: &isDirectory)
            && !isDirectory.boolValue
    }

    @Test(.enabled(if: SourceTree.current.trackedFiles() != nil, "not a git working tree"))
    func trackedFiles_areSourcesOnly() throws {
        let limitInBytes = 1 << 20
        let tracked = try #require(tree.trackedFiles())
        let builtFolders: Set<Substring> = [".build", ".venv", ".turngate", "__pycache__"]
        let findings = tracked.compactMap { path -> Finding? in
            let isBuilt = path.split(separator: "/").contains { builtFolders.contains($0) || $0 == "Package.resolved" }
            if isBuilt { return Finding(path: path, line: 1, what: "is built or fetched, and tracked") }
            let values = try? tree.root.appending(path: path).resourceValues(forKeys: [.fileSizeKey])
            guard let size = values?.fileSize, size > limitInBytes else { return nil }
            return Finding(path: path, line: 1, what: "\(size) bytes, over \(limitInBytes)")
        }
        #expect(findings.isEmpty, report(findings))
    }
}
