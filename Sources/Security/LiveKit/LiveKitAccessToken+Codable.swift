import Foundation

extension LiveKitAccessToken: Codable {
    private enum CodingKeys: String, CodingKey {
        case iss, sub, nbf, exp, jti, name, metadata, attributes, kind, sha256, video
    }

    /// Reads the claims as they stand in a token; `JSONWebToken.verify` is what
    /// makes them true.
    public init(from decoder: any Decoder) throws {
        let claims = try decoder.container(keyedBy: CodingKeys.self)
        issuer = try claims.decodeIfPresent(String.self, forKey: .iss)
        identity = try claims.decodeIfPresent(String.self, forKey: .sub)
        notBefore = try claims.decodeIfPresent(Double.self, forKey: .nbf).map(Date.init(timeIntervalSince1970:))
        expiresAt = try claims.decodeIfPresent(Double.self, forKey: .exp).map(Date.init(timeIntervalSince1970:))
        tokenID = try claims.decodeIfPresent(String.self, forKey: .jti)
        name = try claims.decodeIfPresent(String.self, forKey: .name)
        metadata = try claims.decodeIfPresent(String.self, forKey: .metadata)
        attributes = try claims.decodeIfPresent([String: String].self, forKey: .attributes)
        kind = try claims.decodeIfPresent(LiveKitParticipantKind.self, forKey: .kind)
        sha256 = try claims.decodeIfPresent(String.self, forKey: .sha256)
        video = try claims.decodeIfPresent(LiveKitVideoGrants.self, forKey: .video)
    }

    /// Writes the claims that are there.
    public func encode(to encoder: any Encoder) throws {
        var claims = encoder.container(keyedBy: CodingKeys.self)
        try claims.encodeIfPresent(issuer, forKey: .iss)
        try claims.encodeIfPresent(identity, forKey: .sub)
        try Self.encode(notBefore, to: &claims, forKey: .nbf)
        try Self.encode(expiresAt, to: &claims, forKey: .exp)
        try claims.encodeIfPresent(tokenID, forKey: .jti)
        try claims.encodeIfPresent(name, forKey: .name)
        try claims.encodeIfPresent(metadata, forKey: .metadata)
        try claims.encodeIfPresent(attributes, forKey: .attributes)
        try claims.encodeIfPresent(kind, forKey: .kind)
        try claims.encodeIfPresent(sha256, forKey: .sha256)
        try claims.encodeIfPresent(video, forKey: .video)
    }

    /// Whole seconds: the room server reads these claims as integers.
    private static func encode(
        _ time: Date?, to claims: inout KeyedEncodingContainer<CodingKeys>, forKey key: CodingKeys
    ) throws {
        guard let time else { return }
        guard let seconds = Int64(exactly: time.timeIntervalSince1970.rounded(.down)) else {
            let context = EncodingError.Context(codingPath: [key], debugDescription: "no whole second")
            throw EncodingError.invalidValue(time, context)
        }
        try claims.encode(seconds, forKey: key)
    }
}
