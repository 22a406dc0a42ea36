/// `docs/problems.md`: the problems as a page of the repository.
enum ProblemsPage {
    /// The page's text; a test holds the file against it.
    static var markdown: String {
        let sections = ProblemType.allCases.map { type in
            "## \(type.slug)\n\n**\(type.status)** \(type.title).\n\n\(type.explanation)\n"
        }
        return """
            # Problems

            Every error is `application/problem+json` (RFC 9457). Its `type` is `/problems/` and one of these names; the \
            service shows the same text there. Made \
            from `ProblemType`; a test holds this page against it.


            """ + sections.joined(separator: "\n")
    }
}
