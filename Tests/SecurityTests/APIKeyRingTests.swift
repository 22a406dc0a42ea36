import Foundation
import Testing

@testable import Security

@Suite struct APIKeyRingTests {
    @Test func ring_ofTheVariable_knowsItsKeysBySecret() throws {
        let ring = try APIKeyRing(environment: "dev=admin:dev-key, ci=read:s:e=c , web.1=write:abc")
        #expect(ring.authenticate("dev-key") == APIKey(name: "dev", scope: .admin))
        #expect(ring.authenticate("s:e=c") == APIKey(name: "ci", scope: .read))
        #expect(ring.authenticate("abc") == APIKey(name: "web.1", scope: .write))
        #expect(ring.keys.map(\.name) == ["dev", "ci", "web.1"])
    }

    @Test(arguments: ["", "dev", "dev-ke", "dev-keyy", "DEV-KEY", " dev-key", "admin:dev-key", "dev-key\0"])
    func authenticate_withAnythingElse_isNobody(secret: String) throws {
        let ring = try APIKeyRing(environment: "dev=admin:dev-key")
        #expect(ring.authenticate(secret) == nil)
    }

    @Test(arguments: [nil, "", "  \n"])
    func ring_ofNothing_isEmptyAndLetsNobodyIn(text: String?) throws {
        let ring = try APIKeyRing(environment: text, file: text)
        #expect(ring.isEmpty)
        #expect(ring.authenticate("") == nil)
    }

    @Test func ring_ofAFile_skipsCommentsAndTakesCommasInSecrets() throws {
        let file = "# keys\r\n\r\ndev=admin:a,b\n  # another\n ci = read : x#y \n"
        let ring = try APIKeyRing(environment: "web=write:abc", file: file)
        #expect(ring.keys.map(\.name) == ["web", "dev", "ci"])
        #expect(ring.authenticate("a,b")?.scope == .admin)
        #expect(ring.authenticate("x#y")?.scope == .read)
    }

    @Test func ring_withManyMistakes_reportsAllAtOnceWithTheirPlaces() {
        let error = #expect(throws: APIKeyRingError.self) {
            try APIKeyRing(
                environment: "a=read:1,,nothing,b=root:2,c=read:,a=write:3,d=read:1,e,é=owner:,f=read:g h,i=read",
                file: "# ok\na=admin:9\nz=admin:10")
        }
        func entry(_ entry: Int, _ problem: APIKeyMistake.Problem) -> APIKeyMistake {
            APIKeyMistake(position: .environment(entry: entry), problem: problem)
        }
        #expect(
            error?.mistakes == [
                entry(2, .emptyEntry), entry(3, .missingName), entry(4, .unknownScope), entry(5, .emptySecret),
                entry(6, .duplicateName("a")), entry(7, .duplicateSecret), entry(8, .missingName),
                entry(9, .invalidName), entry(9, .unknownScope), entry(9, .emptySecret), entry(10, .unusableSecret),
                entry(11, .missingScope), APIKeyMistake(position: .file(line: 2), problem: .duplicateName("a")),
            ])
        #expect(error?.description.split(separator: "\n").count == 13)
    }

    /// Each of these is a secret where something else should be.
    @Test(arguments: [
        "hunter2", "hunter2=", "dev=hunter2", "dev=hunter2:x", "dev:admin=hunter2", "hunter2=owner:y",
        "a=read:hunter2 z",
    ])
    func mistakes_neverShowWhatCouldBeASecret(text: String) {
        let error = #expect(throws: APIKeyRingError.self) { try APIKeyRing(environment: text) }
        #expect(error.map { !"\($0) \(String(reflecting: $0))".contains("hunter2") } == true)
        #expect(!SecretMask.maskAPIKeys(text).contains("hunter2"))
    }

    @Test func ring_dumpedOrMasked_doesNotShowSecrets() throws {
        let ring = try APIKeyRing(environment: "dev=admin:dev-key,ci=read:hunter2")
        var dumped = ""
        dump(ring, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(ring)".contains("hunter2"))
        #expect(ring.masked == "dev=admin:****,ci=read:****")
    }

    @Test func key_isFoundByTheDigestOfItsSecretAlone() throws {
        let ring = try APIKeyRing(environment: "dev=admin:dev-key,ci=read:hunter2")
        #expect(ring.key(digest: APIKeyRing.digest(of: "hunter2")) == APIKey(name: "ci", scope: .read))
        #expect(ring.key(digest: APIKeyRing.digest(of: "hunter3")) == nil)
        #expect(ring.key(digest: Array("hunter2".utf8)) == nil && ring.key(digest: []) == nil)
    }

    @Test func ring_withTooManyKeys_isRefused() throws {
        let full = (0..<APIKeyRing.maximumKeys).map { "k\($0)=read:secret-\($0)" }.joined(separator: ",")
        #expect(try APIKeyRing(environment: full).authenticate("secret-255")?.name == "k255")
        let error = #expect(throws: APIKeyRingError.self) { try APIKeyRing(environment: full + ",more=read:more") }
        #expect(error?.mistakes.map(\.problem) == [.tooManyKeys])
    }

    @Test func scopes_holdTheOnesBeforeThem() {
        #expect(APIKeyScope.admin.allows(.admin) && APIKeyScope.admin.allows(.write) && APIKeyScope.admin.allows(.read))
        #expect(
            APIKeyScope.write.allows(.write) && APIKeyScope.write.allows(.read) && !APIKeyScope.write.allows(.admin))
        #expect(APIKeyScope.read.allows(.read) && !APIKeyScope.read.allows(.write) && !APIKeyScope.read.allows(.admin))
    }
}
