import Testing

@testable import OutboundHTTP

@Suite struct TLSTests {
    @Test func certificate_isBelievedOnlyFromATrustedAuthorityAndForItsName() async throws {
        let server = try await TLSServer.start()
        defer { server.stop() }
        let suspicious = try OutboundHTTPClient()
        defer { suspicious.close() }
        let trusting = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(authoritiesFile: server.certificate))
        defer { trusting.close() }
        let named = OutboundRequest(method: .get, url: "https://localhost:\(server.port)/")
        let numbered = OutboundRequest(method: .get, url: "https://127.0.0.1:\(server.port)/")
        #expect(await suspicious.failure(of: named)?.kind == .tls)
        #expect(await trusting.failure(of: numbered)?.kind == .tls)
        #expect(try await trusting.send(named).status == 200)
    }

    @Test func authoritiesFileThatIsNotThere_isATLSError() async throws {
        let server = try await TLSServer.start()
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(authoritiesFile: "/nowhere.pem"))
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: "https://localhost:\(server.port)/"))
        #expect(error?.kind == .tls)
    }
}
