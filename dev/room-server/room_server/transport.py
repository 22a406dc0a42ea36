"""One client's peer connection: ICE on the loopback, DTLS, raw RTP and the data channels.

aiortc's ORTC-like objects are used directly. Its `RTCPeerConnection` starts a
decoder thread for every incoming track, which a server that only forwards does
not want.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable

import aioice.ice
from aiortc import RTCCertificate, RTCDataChannel, RTCDtlsFingerprint, RTCDtlsParameters
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceParameters, RTCIceTransport
from aiortc import RTCSctpCapabilities, RTCSctpTransport
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from . import sdp

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS = 20
CLOSE_TIMEOUT_SECONDS = 5
MAX_HELD_PACKETS = 2_000
MAX_LOSSY_BUFFER_BYTES = 1 << 20
MAX_RELIABLE_BUFFER_BYTES = 32 << 20
MAX_CANDIDATES = 200


def keep_media_on_loopback() -> None:
    """Makes aioice gather 127.0.0.1 and nothing else, for the whole process."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class _RawDtlsTransport(RTCDtlsTransport):
    """DTLS that hands decrypted RTP over as bytes and lets RTCP fall."""

    rtp_handler: Callable[[bytes], Awaitable[None]] | None = None

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        if self.rtp_handler is not None:
            await self.rtp_handler(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        return


class PeerTransport:
    """The transport of one participant, from its first offer until `close`."""

    def __init__(
        self,
        certificate: RTCCertificate,
        on_rtp: Callable[[bytes], Awaitable[None]],
        on_data: Callable[[bool, bytes], None],
        on_connected: Callable[[], None],
        on_failed: Callable[[], None],
    ) -> None:
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = _RawDtlsTransport(self._ice, [certificate])
        self._dtls.rtp_handler = on_rtp
        self._dtls._set_role("client")
        self._sctp = RTCSctpTransport(self._dtls)
        self._sctp.on("datachannel", self._channel_opened)
        self._dtls.on("statechange", self._dtls_changed)
        self._on_data, self._on_connected, self._on_failed = on_data, on_connected, on_failed
        self._channels: dict[bool, RTCDataChannel] = {}
        self._held: deque[bytes] = deque()
        self._connecting: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._candidates = 0
        self.connected = False
        self.closed = False
        self.failed = False

    async def gather(self) -> None:
        """Opens the UDP socket. Must have ended before the first offer is applied."""
        await self._gatherer.gather()

    def description(self) -> sdp.AnswerTransport:
        """The server's credentials and addresses for an answer. They stay the same over a resume."""
        local = self._gatherer.getLocalParameters()
        prints = self._dtls.getLocalParameters().fingerprints
        return sdp.AnswerTransport(
            user_fragment=local.usernameFragment,
            password=local.password,
            fingerprints=[(p.algorithm, p.value) for p in prints if p.algorithm == "sha-256"],
            setup="active",
            candidates=[candidate_to_sdp(c) for c in self._gatherer.getLocalCandidates()],
        )

    def apply(self, offer: sdp.Offer) -> None:
        """Connects on the first offer; takes changed ICE credentials (a restart) on a later one."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(offer))
        else:
            connection = self._ice._connection
            if (offer.user_fragment, offer.password) != (connection.remote_username, connection.remote_password):
                # aioice has no restart. It checks incoming requests against these
                # two, learns the client's new address from them and nominates it.
                connection.remote_username = offer.user_fragment
                connection.remote_password = offer.password
        for line in offer.candidates:
            self.add_candidate(line)

    def add_candidate(self, line: str) -> None:
        """Takes a trickled candidate line; ones that aioice cannot use are left out."""
        self._candidates += 1
        if self.closed or self._candidates > MAX_CANDIDATES:
            return
        try:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
        except (ValueError, IndexError, AssertionError):
            return
        # A browser hides its address behind mDNS; its checks show us the address.
        if candidate.protocol.lower() != "udp" or candidate.ip.endswith(".local"):
            return
        candidate.sdpMid = candidate.sdpMid or "0"
        self._spawn(self._ice.addRemoteCandidate(candidate))

    async def send_rtp(self, packet: bytes) -> None:
        """Encrypts and sends one RTP packet; does nothing while there is no connection."""
        if not self.connected:
            return
        with contextlib.suppress(ConnectionError):
            await self._dtls._send_rtp(packet)

    def send_data(self, reliable: bool, data: bytes) -> None:
        """Sends on the client's channel of that kind. Reliable data waits for it to open."""
        channel = self._channels.get(reliable)
        if self.closed:
            return
        if channel is None or channel.readyState != "open":
            if reliable and len(self._held) < MAX_HELD_PACKETS:
                self._held.append(data)
            return
        limit = MAX_RELIABLE_BUFFER_BYTES if reliable else MAX_LOSSY_BUFFER_BYTES
        if channel.bufferedAmount > limit:
            if reliable:
                log.warning("a client does not take its reliable data, its connection is ended")
                self._fail()
            return
        try:
            channel.send(data)
        except ValueError:
            log.warning("a data packet of %d bytes is larger than the client takes", len(data))

    async def close(self) -> None:
        """Ends the transport and frees its socket. Later calls do nothing."""
        if self.closed:
            return
        self.closed, self.connected = True, False
        tasks = [t for t in (self._connecting, *self._background) if t and t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in self._channels.values():
            channel.remove_all_listeners()
        self._dtls.rtp_handler = None
        for step in (self._sctp.stop, self._dtls.stop, self._ice.stop):
            try:
                await asyncio.wait_for(step(), CLOSE_TIMEOUT_SECONDS)
            except (ConnectionError, TimeoutError) as error:
                log.debug("closing a transport: %r", error)
        self._dtls.remove_all_listeners()

    async def _connect(self, offer: sdp.Offer) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await self._ice.start(RTCIceParameters(offer.user_fragment, offer.password))
                if self._ice.state != "completed":
                    raise ConnectionError("ICE did not connect")
                fingerprints = [RTCDtlsFingerprint(algorithm=a, value=v) for a, v in offer.fingerprints]
                await self._dtls.start(RTCDtlsParameters(fingerprints))
                if self._dtls.state != "connected":
                    raise ConnectionError("DTLS did not connect")
                await self._start_data(offer.data_section)
        except (ConnectionError, TimeoutError) as error:
            log.info("a client's peer connection did not come up: %s", error or "timeout")
            self._fail()
            return
        except Exception:
            # aiortc asserts what a peer sends; whatever it was, this client goes and the server stays.
            log.exception("a client's peer connection broke while it came up")
            self._fail()
            return
        if not self.closed:
            self.connected = True
            self._on_connected()

    async def _start_data(self, section: sdp.Section | None) -> None:
        if section is None or self.closed:
            return
        size = section.attributes.get("max-message-size", "")
        port = section.attributes.get("sctp-port", "")
        capabilities = RTCSctpCapabilities(maxMessageSize=int(size) if size.isdigit() else sdp.MAX_MESSAGE_BYTES)
        await self._sctp.start(capabilities, int(port) if port.isdigit() else 5000)

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        reliable = {"_reliable": True, "_lossy": False}.get(channel.label)
        if reliable is None or reliable in self._channels:
            return
        self._channels[reliable] = channel
        channel.on("message", lambda data: self._on_data(reliable, data) if isinstance(data, bytes) else None)
        if reliable:
            while self._held:
                self.send_data(True, self._held.popleft())

    def _dtls_changed(self) -> None:
        if self.connected and self._dtls.state in ("closed", "failed"):
            self._fail()

    def _fail(self) -> None:
        if not self.closed and not self.failed:
            self.connected, self.failed = False, True
            self._on_failed()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
