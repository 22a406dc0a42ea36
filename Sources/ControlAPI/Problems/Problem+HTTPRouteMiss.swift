import HTTPServer

extension Problem {
    /// What a caller is told of a request that no route takes.
    init(_ miss: HTTPRouteMiss) {
        switch miss {
        case .unknownPath: self.init(notFound: .route)
        case .undecodablePath: self.init(.malformedRequest, "The path is not valid percent-encoded UTF-8.")
        case .methodNotAllowed(let allowed, _):
            let list = HTTPRouter.allow(allowed)
            self = Problem(.methodNotAllowed, "This path takes \(list).").header("Allow", list)
        }
    }
}
