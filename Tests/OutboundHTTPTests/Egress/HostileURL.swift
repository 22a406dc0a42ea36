/// A URL that leads, or seems to lead, to what is not public. `{port}` is the
/// port of the test's own listener.
struct HostileURL: Sendable, CustomStringConvertible {
    /// Where the call would arrive if nothing held it up: a control group is made
    /// of those that can arrive.
    enum Arrival: Sendable {
        /// At a listener of this machine, over IPv4.
        case here
        /// At a listener of this machine, over IPv6.
        case hereOverIPv6
        /// At an address that only a network of the test's own has, where every
        /// address and some names are ours.
        case elsewhere
        /// Nowhere: it is no URL for us, or no address for a connection.
        case nowhere
    }

    let text: String
    let arrival: Arrival

    var description: String { text }

    func url(port: UInt16) -> String {
        text.replacingOccurrences(of: "{port}", with: "\(port)")
    }
}

/// The table. Each row is one way that has been used, somewhere, to get past a guard.
enum HostileURLs {
    static let all: [HostileURL] =
        hosts(ipv4Loopback, .here) + hosts(ipv6Loopback, .hereOverIPv6) + hosts(addresses, .elsewhere)
        + hosts(names, .elsewhere) + hosts(neverAnAddress, .nowhere) + whole(otherParts, .here)
        + whole(otherShapes, .nowhere)

    private static func hosts(_ hosts: [String], _ arrival: HostileURL.Arrival) -> [HostileURL] {
        hosts.map { HostileURL(text: "http://\($0):{port}/", arrival: arrival) }
    }

    private static func whole(_ texts: [String], _ arrival: HostileURL.Arrival) -> [HostileURL] {
        texts.map { HostileURL(text: $0, arrival: arrival) }
    }

    /// This machine in IPv4: decimal, octal, hexadecimal, mixed, short, long, percent-encoded.
    private static let ipv4Loopback = [
        "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "127.127.127.127", "2130706433", "2130706434",
        "017700000001", "0177.0.0.1", "0177.0.0.01", "0177.1", "00000177.0.0.1", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
        "0X7F.0X0.0X0.0X1", "0x7f.0.1", "0x7f.00.0x0.1", "127.0x1", "127.0x000001", "127.00000001", "0177.0x0.1",
        "0x7F000001", "%31%32%37.0.0.1", "127%2e0%2E0.1", "%30x7f.1", "0", "0.0.0.0", "00", "0x0", "0x00.0.0.0",
        "000.000.000.000", "0.0", "localhost",
    ]

    private static let ipv6Loopback = [
        "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]", "[0::1]", "[::]",
        "[0:0:0:0:0:0:0:0]", "[::0.0.0.1]", "[::ffff:127.0.0.1]", "[::FFFF:127.0.0.1]", "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]", "[::ffff:0.0.0.0]", "[::ffff:127.0.0.2]", "[0:0::ffff:127.1.2.3]",
    ]

    /// Private networks, metadata services, everything special; outside and inside of IPv6.
    private static let addresses = [
        "10.0.0.1", "10.255.255.255", "012.0.0.1", "0xa000001", "167772161", "10.1", "172.16.0.1", "172.31.255.254",
        "0xac.0x10.0.1", "192.168.0.1", "192.168.1", "3232235521", "0300.0250.0.1", "100.64.0.1", "100.127.255.254",
        "169.254.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518",
        "169.16689662", "0xa9.254.0251.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "192.0.0.1",
        "168.63.129.16", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "0.0.0.1",
        "0.255.255.255", "240.0.0.1", "254.255.255.255", "[::127.0.0.1]", "[::7f00:1]", "[::a9fe:a9fe]",
        "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:169.254.169.254]", "[::ffff:192.168.0.1]",
        "[::ffff:0:127.0.0.1]", "[::ffff:0:a9fe:a9fe]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::10.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[64:ff9b:1:7f00:0:100::]", "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]", "[2002:a00:1::1]", "[2001:0:7f00:1::]", "[2001::80ff:fffe]", "[2001:10::1]",
        "[2001:20::1]", "[2001:db8::1]", "[2001:2::1]", "[3fff::1]", "[100::1]", "[fc00::1]", "[fd00::1]",
        "[fd00:ec2::254]", "[fd00:ec2:0:0:0:0:0:254]", "[FD00:0EC2::0254]", "[fd20:ce::254]", "[fec0::1]",
        "[5f00::1]", "[4000::1]", "[2a00::5efe:127.0.0.1]", "[2a00::5efe:10.0.0.1]", "[2a00::200:5efe:a9fe:a9fe]",
    ]

    /// Names that somebody made to lead here; the test's own name server has them.
    private static let names = [
        "localhost.", "LOCALHOST", "LocalHost", "%6cocalhost", "foo.localhost", "a.b.localhost", "ip6-localhost",
        "ip6-loopback", "localhost.localdomain", "metadata", "metadata.google.internal", "metadata.google.internal.",
        "instance-data", "instance-data.ec2.internal", "127.0.0.1.nip.io", "7f000001.nip.io", "a9fea9fe.nip.io",
        "localtest.me", "anything.localtest.me", "lvh.me", "127-0-0-1.sslip.io", "private.test", "linklocal.test",
        "zero.test", "ula.test", "loopback6.test", "mapped.test", "compatible.test", "nat64.test", "sixtofour.test",
        "alias.test", "alias-of-alias.test", "all-bad.test", "xn--local-.test", "kubernetes.default.svc",
        "host.docker.internal",
    ]

    /// What other parsers read as an address, or no connection can be made to.
    private static let neverAnAddress = [
        "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７.0.0.1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ",
        "localhoſt", "loca\u{AD}lhost", "127.0.0.1\u{200B}", "%E2%91%A0.0.0.1", "127.0.0.1.", "127.0.0.1..",
        ".127.0.0.1", "127..0.0.1", "127.0.0.1.5", "127.0.0.0x1g", "4294967297", "256.0.0.1", "127.0.0.256",
        "0x17f000001", "0x100000000007f.1", "-1", "+127.0.0.1", "127.0.0.08", "0x", "[127.0.0.1]", "[::1", "::1",
        "[::1]x", "[::1%25lo]", "[::1%lo]", "[fe80::1%25lo]", "[fe80::1]", "[ff02::1]", "[::ffff:127.1]",
        "[::ffff:0x7f.0.0.1]", "[0::0::1]", "[v1.127]", "255.255.255.255", "224.0.0.1", "127.0.0.1%00.example.com",
        "127.0.0.1%09", "127.0.0.1%20", "127.0.0.1%2f", "local%00host", "localhost%0a", "%", "%zz", "*", "_",
        String(repeating: "0", count: 300) + "177.0.0.1",
    ]

    /// Other ways to write the rest.
    private static let otherParts = [
        "http://127.0.0.1:{port}", "http://127.0.0.1:{port}/?http://example.com/", "http://127.0.0.1:0{port}/",
        "http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1:{port}?@example.com/", "HTTP://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/", "https://0x7f.1:{port}/", "https://localhost:{port}/",
        "http://127.0.0.1:{port}/../../..//", "http://127.0.0.1:{port}/%0d%0aX:%20y",
        "http://127.1:{port}//example.com/",
    ]

    private static let otherShapes = [
        "http://example.com@127.0.0.1:{port}/", "http://example.com:80@127.0.0.1:{port}/", "http://@127.0.0.1:{port}/",
        "http://:@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.com:{port}/", "http://a@b@127.0.0.1:{port}/",
        "http://example.com%40127.0.0.1:{port}/", "http://example.com\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@example.com/", "http:\\\\127.0.0.1:{port}\\", "http:/\\127.0.0.1:{port}/",
        "http:127.0.0.1:{port}", "http:/127.0.0.1:{port}/", "http:///127.0.0.1:{port}/", "http:////127.0.0.1:{port}/",
        "//127.0.0.1:{port}/", "127.0.0.1:{port}", "localhost:{port}/", " http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/ x", "http:// 127.0.0.1:{port}/", "ht\ttp://127.0.0.1:{port}/",
        "http://127.0.0.1\t:{port}/", "http://127.0.0.1\n:{port}/", "http://127.0.0.1:{port}\r\n/",
        "http://127.0.0.1:{port}/\r\nHost: example.com", "\u{1}http://127.0.0.1:{port}/", "http://127.0.0.1\0:{port}/",
        "http://127.0.0.1:+{port}/", "http://127.0.0.1:-{port}/", "http://127.0.0.1: {port}/", "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/", "http://127.0.0.1:{port}x/", "http://127.0.0.1:{port}:{port}/", "http://:{port}/",
        "http://", "http:", "://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_GET%20/", "gophers://127.0.0.1:{port}/",
        "file:///etc/passwd", "file://localhost/etc/passwd", "file://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/info",
        "ftp://127.0.0.1:{port}/", "ftps://127.0.0.1:{port}/", "sftp://127.0.0.1:{port}/", "scp://127.0.0.1:{port}/",
        "tftp://127.0.0.1:{port}/x", "ldap://127.0.0.1:{port}/", "ldaps://127.0.0.1:{port}/", "smb://127.0.0.1:{port}/",
        "smtp://127.0.0.1:{port}/", "imap://127.0.0.1:{port}/", "pop3://127.0.0.1:{port}/",
        "telnet://127.0.0.1:{port}/",
        "mqtt://127.0.0.1:{port}/x", "rtsp://127.0.0.1:{port}/", "rtmp://127.0.0.1:{port}/", "ws://127.0.0.1:{port}/",
        "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "jar:http://127.0.0.1:{port}!/",
        "netdoc:///etc/passwd", "data:text/plain,x", "javascript:alert(1)", "url:http://127.0.0.1:{port}/",
        "http://http://127.0.0.1:{port}/", "httpx://127.0.0.1:{port}/", "http;//127.0.0.1:{port}/",
        "{http://127.0.0.1:{port}/}", "http://{127.0.0.1,localhost}:{port}/", "http://[1-255].0.0.1:{port}/",
    ]
}
