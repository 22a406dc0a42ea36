import Domain
import Foundation
import HTTPServer

/// `/docs`: the contract in Swagger UI, from our own disk and never from
/// anybody else's server.
struct DocumentationRoutes: Sendable {
    let directory: URL?

    var endpoints: [Endpoint] { [.open("/docs", page), .open("/docs/{file}", file)] }

    /// The only files that are ever read: no path that a caller gives touches
    /// the file system.
    private static let assets: [String: String] = [
        "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "swagger-ui.css": "text/css; charset=utf-8",
        "favicon-32x32.png": "image/png",
    ]

    /// Swagger UI styles elements inline and draws with `data:` images; it
    /// runs only the two scripts from here and talks only to us.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:",
        "connect-src 'self'", "font-src 'self' data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static let starter = """
        window.addEventListener("DOMContentLoaded", () => {
          SwaggerUIBundle({
            url: "/openapi.yaml",
            dom_id: "#viewer",
            deepLinking: true,
            validatorUrl: null,
            queryConfigEnabled: false,
          });
        });

        """

    private func page(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        guard isInstalled else { return Self.answer("text/html; charset=utf-8", Self.fallback.bytes) }
        return Self.answer("text/html; charset=utf-8", Array(Self.viewer.utf8))
    }

    private var isInstalled: Bool {
        guard let directory else { return false }
        return FileManager.default.isReadableFile(atPath: directory.appendingPathComponent("swagger-ui-bundle.js").path)
    }

    private static let viewer = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Turngate API</title>
        <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
        <link rel="stylesheet" href="/docs/swagger-ui.css">
        <script src="/docs/swagger-ui-bundle.js" defer></script>
        <script src="/docs/start.js" defer></script>
        </head>
        <body>
        <div id="viewer"></div>
        <noscript><p>The contract is at <a href="/openapi.yaml">/openapi.yaml</a>.</p></noscript>
        </body>
        </html>

        """

    private static let fallback = HTMLPage(
        title: "Turngate API",
        body: """
            <h1>Turngate API</h1>
            <p>The viewer's files are not installed here; <code>make run</code> fetches them.</p>
            <p>The contract itself is at <a href="/openapi.yaml">/openapi.yaml</a>, the problems at
            <a href="/problems">/problems</a>.</p>
            """)

    private func file(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let name = request.http.parameters["file"] ?? ""
        if name == "start.js" { return Self.answer("text/javascript; charset=utf-8", Array(Self.starter.utf8)) }
        guard let contentType = Self.assets[name], let directory,
            let data = try? Data(contentsOf: directory.appendingPathComponent(name))
        else { throw TurngateError.notFound(.route) }
        return Self.answer(contentType, Array(data))
    }

    private static func answer(_ contentType: String, _ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": contentType, "Content-Security-Policy": policy, "Cache-Control": "max-age=300",
                "Referrer-Policy": "no-referrer",
            ], body: .bytes(bytes))
    }
}
