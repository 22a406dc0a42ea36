/// How long files and functions may be.
enum Sizes {
    static let fileLimitInLines = 500
    static let functionLimitInLines = 70

    static func findings(in file: SwiftSource) -> [Finding] {
        var findings = [Finding]()
        if file.braceBalance != 0 {
            findings.append(Finding(path: file.path, line: file.lineCount, what: "the braces do not balance"))
        }
        if file.lineCount > fileLimitInLines {
            findings.append(
                Finding(path: file.path, line: 1, what: "\(file.lineCount) lines, over \(fileLimitInLines)"))
        }
        for function in file.functions where function.lineCount > functionLimitInLines {
            let what = "`\(function.name)` has \(function.lineCount) lines, over \(functionLimitInLines)"
            findings.append(Finding(path: file.path, line: function.firstLine, what: what))
        }
        return findings
    }
}
