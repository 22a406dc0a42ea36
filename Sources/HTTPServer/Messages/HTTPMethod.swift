/// A request method, as it stood on the wire (methods are case-sensitive, RFC 9110 §9.1).
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The method's token, for example `GET`.
    public let rawValue: String

    /// Takes any token; whether it is known is the router's business.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// `GET`.
    public static let get = HTTPMethod(rawValue: "GET")
    /// `HEAD`: answered like `GET`, without the body.
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// `POST`.
    public static let post = HTTPMethod(rawValue: "POST")
    /// `PUT`.
    public static let put = HTTPMethod(rawValue: "PUT")
    /// `PATCH` (RFC 5789).
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// `DELETE`.
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// `OPTIONS`: answered by the router.
    public static let options = HTTPMethod(rawValue: "OPTIONS")

    /// The methods the front passes on; every other one is `HTTPFrontError.methodNotImplemented`.
    static let implemented: [HTTPMethod] = [.get, .head, .post, .put, .patch, .delete, .options]

    /// The token.
    public var description: String { rawValue }
}
