"""Runs a program in a network where every address is this machine's.

Started in fresh user, network and mount namespaces (`unshare -U -r -n -m`): takes
the loopback device up, routes all of IPv4 and IPv6 to it as local addresses, puts
a name server with a zone of its own at 127.0.0.1:53 into /etc/resolv.conf, and
runs the program named by its arguments. No packet leaves the namespace.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

PUBLIC, PUBLIC6 = "93.184.216.34", "2606:4700::1111"

# Name to addresses, or to an alias. A list of lists is one answer after the
# other, the last one for ever.
ZONE = {
    "localhost": ["127.0.0.1"], "foo.localhost": ["127.0.0.1"], "a.b.localhost": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"], "ip6-localhost": ["::1"], "ip6-loopback": ["::1"],
    "metadata": ["169.254.169.254"], "metadata.google.internal": ["169.254.169.254"],
    "instance-data": ["169.254.169.254"], "instance-data.ec2.internal": ["169.254.169.254"],
    "127.0.0.1.nip.io": ["127.0.0.1"], "7f000001.nip.io": ["127.0.0.1"], "a9fea9fe.nip.io": ["169.254.169.254"],
    "localtest.me": ["127.0.0.1", "::1"], "anything.localtest.me": ["127.0.0.1"], "lvh.me": ["127.0.0.1"],
    "127-0-0-1.sslip.io": ["127.0.0.1"], "private.test": ["10.0.0.5", "172.16.0.5", "192.168.0.5"],
    "linklocal.test": ["169.254.7.7"], "zero.test": ["0.0.0.0"], "ula.test": ["fd00::5"], "loopback6.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"], "compatible.test": ["::127.0.0.1"], "nat64.test": ["64:ff9b::7f00:1"],
    "sixtofour.test": ["2002:7f00:1::1"], "alias.test": "private.test", "alias-of-alias.test": "alias.test",
    "all-bad.test": ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fd00:ec2::254", "64:ff9b::a00:1"],
    "xn--local-.test": ["127.0.0.1"], "kubernetes.default.svc": ["10.96.0.1"],
    "host.docker.internal": ["172.17.0.1"],
    "rebind.test": [[PUBLIC], ["127.0.0.1"]], "rebind6.test": [[PUBLIC6], ["::1"]],
    "rebind-mapped.test": [[PUBLIC], ["::ffff:169.254.169.254"]], "rebind-alias.test": [[PUBLIC], "all-bad.test"],
    "mixed.test": [PUBLIC, "127.0.0.1", "10.0.0.1"], "mixed-last.test": ["127.0.0.1", "169.254.169.254", PUBLIC],
    "mixed-six.test": ["::1", "fd00:ec2::254", "::ffff:127.0.0.1", PUBLIC],
}

A, CNAME, AAAA = 1, 5, 28


class Zone:
    """Answers; a name's turn comes with its A query, which the resolver sends with each lookup."""

    def __init__(self) -> None:
        self.lookups: dict[str, dict[int, int]] = {}

    def records(self, name: str, kind: int) -> "list[tuple[str, int, bytes]] | None":
        found, answers = name, []
        while True:
            entry = ZONE.get(found)
            if entry is None:
                return answers or None
            if isinstance(entry, list) and not isinstance(entry[0], str):
                seen = self.lookups.setdefault(found, {})
                turn = seen.get(kind, 0)
                seen[kind] = turn + 1
                entry = entry[min(turn, len(entry) - 1)]
            if isinstance(entry, str):
                answers.append((found, CNAME, encode(entry)))
                found = entry
                continue
            for address in entry:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                if (AAAA if family == socket.AF_INET6 else A) == kind:
                    answers.append((found, kind, socket.inet_pton(family, address)))
            return answers


def encode(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def answer(zone: Zone, query: bytes) -> bytes:
    labels, offset = [], 12
    while query[offset]:
        labels.append(query[offset + 1 : offset + 1 + query[offset]].decode("latin-1"))
        offset += 1 + query[offset]
    kind = struct.unpack("!H", query[offset + 1 : offset + 3])[0]
    records = zone.records(".".join(labels).lower(), kind)
    body = b"".join(
        encode(owner) + struct.pack("!HHIH", type_, 1, 0, len(data)) + data for owner, type_, data in records or []
    )
    code = 0x8580 if records is not None else 0x8583
    header = query[:2] + struct.pack("!HHHHH", code, 1, len(records or []), 0, 0)
    return header + query[12 : offset + 5] + body


def serve_names(listener: socket.socket) -> None:
    zone = Zone()
    while True:
        query, client = listener.recvfrom(4096)
        listener.sendto(answer(zone, query), client)


def take_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


def route_everything_here(family: int) -> None:
    """`ip route add local default dev lo`, by netlink, since iproute2 is not everywhere."""
    index = struct.pack("HHi", 8, 4, socket.if_nametoindex("lo"))  # RTA_OIF
    table, protocol, scope, kind = 255, 3, 254 if family == socket.AF_INET else 0, 2  # local, boot, host, RTN_LOCAL
    route = struct.pack("BBBBBBBBI", family, 0, 0, 0, table, protocol, scope, kind, 0)
    flags = 0x1 | 0x4 | 0x400 | 0x200  # NLM_F_REQUEST | ACK | CREATE | EXCL
    message = struct.pack("IHHII", 16 + len(route) + len(index), 24, flags, 1, 0) + route + index  # RTM_NEWROUTE
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        netlink.send(message)
        error = struct.unpack("i", netlink.recv(4096)[16:20])[0]
    if error:
        raise OSError(-error, "no route: " + os.strerror(-error))


def put_in_place(path: str, text: str) -> None:
    """Lays a file of ours over one of the system's, in this mount namespace only."""
    if not os.path.exists(path):
        return
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(file.name.encode(), os.path.realpath(path).encode(), None, 4096, None):  # MS_BIND
        raise OSError(ctypes.get_errno(), "no mount over " + path)
    os.unlink(file.name)


def main() -> int:
    take_loopback_up()
    route_everything_here(socket.AF_INET)
    route_everything_here(socket.AF_INET6)
    put_in_place("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n")
    put_in_place("/etc/hosts", "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n")
    put_in_place("/etc/nsswitch.conf", "hosts: files dns\n")
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=(names,), daemon=True).start()
    environment = dict(os.environ, TURNGATE_TEST_OWN_NETWORK="1")
    # What a careless client would take from its environment leads to a closed port.
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        environment[name] = "http://127.0.0.1:9/"
    return subprocess.run(sys.argv[1:], env=environment, timeout=55, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
