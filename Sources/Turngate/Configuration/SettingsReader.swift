import Foundation
import HTTPServer
import Logging
import Postgres
import Security

/// Reads settings one by one and gathers what is wrong with them. No problem
/// repeats a value, since a secret may have been put in the wrong place.
struct SettingsReader {
    let settings: Settings
    private(set) var problems: [String]

    init(_ settings: Settings) {
        self.settings = settings
        problems = settings.fileProblems
    }

    mutating func report(_ setting: Setting, _ problem: String) {
        problems.append("\(setting.rawValue): \(problem)")
    }

    mutating func required(_ setting: Setting) -> String? {
        guard let value = settings[setting] else {
            report(setting, "not set")
            return nil
        }
        return value
    }

    mutating func roomServerURL() -> String? {
        guard let text = required(.livekitURL) else { return nil }
        let schemes = ["ws", "wss", "http", "https"]
        guard let url = URLComponents(string: text), let scheme = url.scheme, schemes.contains(scheme.lowercased()),
            let host = url.host, !host.isEmpty, url.user == nil, url.password == nil
        else {
            report(.livekitURL, "must be ws://HOST:PORT or wss://HOST, without user name and password")
            return nil
        }
        return text
    }

    mutating func database() -> PostgresConfiguration? {
        guard let text = required(.databaseURL) else { return nil }
        let configuration = PostgresConfiguration(connectionString: text)
        do throws(PostgresError) {
            try configuration.check()
            return configuration
        } catch {
            report(.databaseURL, error.reason)
            return nil
        }
    }

    mutating func listenAddress() -> HTTPListenAddress? {
        guard let text = settings[.listen], let address = HTTPListenAddress(text) else {
            report(.listen, "must be ADDRESS:PORT, [IPV6]:PORT or unix:/PATH")
            return nil
        }
        return address
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ setting: Setting, of: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        if let choice = settings[setting].flatMap(Choice.init(rawValue:)) { return choice }
        report(setting, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    /// A whole number within `range`.
    mutating func number(_ setting: Setting, in range: ClosedRange<Int>) -> Int? {
        if let number = settings[setting].flatMap({ Int($0) }), range.contains(number) { return number }
        report(setting, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// Nil when no key is configured, or when one is malformed.
    mutating func keys() -> APIKeyRing? {
        var file: String?
        if let path = settings[.apiKeysFile] {
            file = try? String(contentsOfFile: path, encoding: .utf8)
            if file == nil { report(.apiKeysFile, "the file cannot be read as UTF-8") }
        }
        do throws(APIKeyRingError) {
            let ring = try APIKeyRing(environment: settings[.apiKeys], file: file)
            guard ring.isEmpty else { return ring }
            // Who sets keys wants a door; a blank value must not leave it open.
            for setting in [Setting.apiKeys, .apiKeysFile] where settings[setting] != nil {
                report(setting, "there is no key in it")
            }
            return nil
        } catch {
            problems += error.mistakes.map(\.description)
            return nil
        }
    }

    mutating func checkLogging() {
        _ = choice(.logLevel, of: Logger.Level.self)
        if settings[.logFormat] != nil { _ = choice(.logFormat, of: LogFormat.self) }
    }

    /// Without keys everybody may do everything, so nobody but this machine
    /// may be served.
    mutating func checkExposure(_ address: HTTPListenAddress?, _ keys: APIKeyRing?) {
        guard let address, keys == nil, !address.isLocal else { return }
        report(.listen, "serving anything but the loopback needs TURNGATE_API_KEYS or TURNGATE_API_KEYS_FILE")
    }
}

extension HTTPListenAddress {
    /// Whether only this machine can reach it.
    var isLocal: Bool {
        switch self {
        case .unix: true
        case .ip(let host, _): host == "::1" || host == "localhost" || host.hasPrefix("127.")
        }
    }
}

extension HTTPListenAddress {
    /// The address with the port that was taken, where 0 was asked for.
    func text(port: Int?) -> String {
        guard case .ip(let host, _) = self, let port = port.flatMap(UInt16.init(exactly:)) else { return description }
        return HTTPListenAddress.ip(host: host, port: port).description
    }
}
