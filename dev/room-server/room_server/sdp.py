"""The part of SDP that a client's offer and our answer need: one bundle, Opus, data."""

from __future__ import annotations

from dataclasses import dataclass, field

AUDIO_LEVEL_EXTENSION = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
MAX_SECTIONS = 1024
MAX_MESSAGE_BYTES = 65_536
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class SdpError(ValueError):
    """The offer cannot be answered."""


@dataclass
class Section:
    """One `m=` section of an offer."""

    kind: str
    protocol: str
    formats: list[str]
    rejected: bool
    mid: str = ""
    direction: str = "sendrecv"
    codecs: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    track_id: str = ""
    ssrcs: list[int] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def client_sends(self) -> bool:
        return not self.rejected and self.direction in ("sendrecv", "sendonly")

    @property
    def client_receives(self) -> bool:
        return not self.rejected and self.direction in ("sendrecv", "recvonly")

    def payload_type(self, codec: str) -> str | None:
        """The first payload type whose `rtpmap` starts with the codec's name."""
        for number in self.formats:
            if self.codecs.get(number, "").lower().startswith(codec + "/"):
                return number
        return None


@dataclass
class Offer:
    """A client's offer: its sections in order and what belongs to the transport."""

    sections: list[Section]
    user_fragment: str
    password: str
    fingerprints: list[tuple[str, str]]

    @property
    def candidates(self) -> list[str]:
        return [line for section in self.sections for line in section.candidates]

    @property
    def data_section(self) -> Section | None:
        return next((s for s in self.sections if s.kind == "application"), None)


def parse_offer(text: str) -> Offer:
    """Reads an offer; raises SdpError when it has no section or no transport."""
    session: dict[str, str] = {}
    fingerprints: list[str] = []
    sections: list[Section] = []
    for line in text.splitlines():
        if line.startswith("m="):
            sections.append(_media_line(line[2:]))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if name == "fingerprint" and value not in fingerprints:
                fingerprints.append(value)
            if sections:
                _attribute(sections[-1], name, value)
            else:
                session[name] = value
    if not sections or len(sections) > MAX_SECTIONS:
        raise SdpError("the offer has no media section or too many")
    transport = next((s.attributes for s in sections if "ice-ufrag" in s.attributes), session)
    pairs = [tuple(value.split(" ", 1)) for value in fingerprints if " " in value]
    if not transport.get("ice-ufrag") or not transport.get("ice-pwd") or not pairs:
        raise SdpError("the offer has no ICE credentials or no fingerprint")
    return Offer(sections, transport["ice-ufrag"], transport["ice-pwd"], pairs)


def _media_line(value: str) -> Section:
    words = value.split()
    if len(words) < 4:
        raise SdpError("an m= line is too short")
    return Section(kind=words[0], protocol=words[2], formats=words[3:], rejected=words[1] == "0")


def _attribute(section: Section, name: str, value: str) -> None:
    if name == "mid":
        section.mid = value
    elif name in _DIRECTIONS:
        section.direction = name
    elif name == "bundle-only":
        section.rejected = False
    elif name == "rtpmap":
        number, _, codec = value.partition(" ")
        section.codecs[number] = codec
    elif name == "extmap":
        number, _, uri = value.partition(" ")
        if number.split("/")[0].isdigit():
            section.extensions[uri.split(" ")[0]] = int(number.split("/")[0])
    elif name == "msid":
        section.track_id = value.split(" ")[-1]
    elif name == "ssrc":
        number = value.split(" ")[0]
        if number.isdigit() and int(number) not in section.ssrcs:
            section.ssrcs.append(int(number))
    elif name == "candidate":
        section.candidates.append(value)
    else:
        section.attributes[name] = value


@dataclass
class Sending:
    """What the server sends on a section of its answer."""

    stream_id: str
    track_id: str
    ssrc: int


@dataclass
class AnswerTransport:
    """The server's side of the one bundled transport."""

    user_fragment: str
    password: str
    fingerprints: list[tuple[str, str]]
    setup: str
    candidates: list[str]


def write_answer(
    offer: Offer, transport: AnswerTransport, receiving: set[str], sending: dict[str, Sending], version: int
) -> str:
    """The answer: sections whose mid is in `receiving` are received, those in `sending` are sent."""
    bodies: list[list[str]] = []
    bundle: list[str] = []
    for section in offer.sections:
        body = _answer_section(section, transport, section.mid in receiving, sending.get(section.mid))
        if not body[0].split(" ")[1] == "0":
            bundle.append(section.mid)
        bodies.append(body)
    lines = ["v=0", f"o=- 4611733057 {version} IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += ["a=group:BUNDLE " + " ".join(bundle), "a=msid-semantic: WMS *"]
    for body in bodies:
        lines += body
    return "\r\n".join(lines) + "\r\n"


def _answer_section(
    section: Section, transport: AnswerTransport, receive: bool, sending: Sending | None
) -> list[str]:
    codec = {"audio": "opus", "video": "vp8"}.get(section.kind, "")
    number = section.payload_type(codec) if codec else None
    accepted = section.kind == "application" or number is not None
    if section.rejected or not accepted:
        return [f"m={section.kind} 0 {section.protocol} {section.formats[0]}", "c=IN IP4 0.0.0.0",
                "a=inactive", f"a=mid:{section.mid}"]
    if section.kind == "application":
        lines = [f"m=application 9 {section.protocol} webrtc-datachannel", "c=IN IP4 0.0.0.0",
                 "a=sctp-port:5000", f"a=max-message-size:{MAX_MESSAGE_BYTES}"]
    else:
        lines = [f"m={section.kind} 9 {section.protocol} {number}", "c=IN IP4 0.0.0.0", "a=rtcp-mux",
                 f"a=rtpmap:{number} {section.codecs[number]}"]
        lines += _rtp_lines(section, number, receive, sending)
    lines += [f"a=mid:{section.mid}", f"a=setup:{transport.setup}",
              f"a=ice-ufrag:{transport.user_fragment}", f"a=ice-pwd:{transport.password}"]
    lines += [f"a=fingerprint:{algorithm} {value}" for algorithm, value in transport.fingerprints]
    lines += [f"a=candidate:{line}" for line in transport.candidates]
    return lines + ["a=end-of-candidates"]


def _rtp_lines(section: Section, number: str, receive: bool, sending: Sending | None) -> list[str]:
    lines = []
    if section.kind == "audio":
        lines.append(f"a=fmtp:{number} minptime=10;useinbandfec=1")
        lines += [f"a=extmap:{section.extensions[uri]} {uri}"
                  for uri in (AUDIO_LEVEL_EXTENSION, MID_EXTENSION) if uri in section.extensions]
    lines.append("a=" + _direction(receive and section.client_sends, sending is not None and section.client_receives))
    if sending is not None and section.client_receives:
        lines += [f"a=msid:{sending.stream_id} {sending.track_id}",
                  f"a=ssrc:{sending.ssrc} cname:room-server",
                  f"a=ssrc:{sending.ssrc} msid:{sending.stream_id} {sending.track_id}"]
    return lines


def _direction(receive: bool, send: bool) -> str:
    if receive and send:
        return "sendrecv"
    if receive:
        return "recvonly"
    return "sendonly" if send else "inactive"
