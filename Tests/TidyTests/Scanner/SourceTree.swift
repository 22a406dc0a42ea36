import Foundation

/// The project's own files.
struct SourceTree {
    let root: URL

    /// The tree that this test was built from.
    static let current = SourceTree(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent())

    /// Every file under `folder`, relative to the root, sorted; empty where
    /// there is no such folder.
    func files(under folder: String, ending: Set<String>) -> [String] {
        let base = root.appending(path: folder)
        guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return walker.compactMap { $0 as? String }
            .filter { ending.contains(($0 as NSString).pathExtension) && !$0.contains("__pycache__") }
            .map { "\(folder)/\($0)" }.sorted()
    }

    func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The Swift files under `folder` that were written by hand.
    func swift(under folder: String) throws -> [SwiftSource] {
        try files(under: folder, ending: ["swift"]).map { SwiftSource(path: $0, text: try text(of: $0)) }
            .filter { !$0.isGenerated }
    }

    /// What git has in its index; nil where there is no git or no repository.
    func trackedFiles() -> [String]? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-C", root.path, "ls-files", "-z"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
