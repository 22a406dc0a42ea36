"""`python -m room_server`: the development room server on the loopback."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import sys

from .application import serve
from .settings import Faults, Matcher, Settings

NOTICE = "room-server is a development tool: loopback only, audio and data only. Use LiveKit in production."


def main() -> int:
    """Reads the command line and serves. Exit codes: 0 stopped, 1 port not available, 2 wrong usage."""
    options = _parser().parse_args()
    logging.basicConfig(level=options.log_level.upper(), stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # ICE and SCTP libraries tell of every candidate at this level.
    logging.getLogger("aioice").setLevel(logging.WARNING)
    print(NOTICE, file=sys.stderr, flush=True)
    settings = Settings(
        host=options.host,
        port=options.port,
        api_key=options.key,
        api_secret=options.secret,
        departure_timeout_seconds=options.departure_timeout,
        empty_room_timeout_seconds=options.empty_room_timeout,
    )
    faults = Faults(
        drop_rpc_responses=_matcher(options.drop_rpc_responses),
        drop_rpc_acks=_matcher(options.drop_rpc_acks),
        refuse_resume=_matcher(options.refuse_resume),
        rpc_v1_only=_matcher(options.rpc_v1_only),
        delay_data_ms=options.delay_data_ms,
    )
    try:
        asyncio.run(serve(settings, faults))
    except OSError as error:
        print(f"room-server cannot listen on {settings.host}:{settings.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="room_server", description=NOTICE)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=_number(0, 65535), default=7880, help="0 takes a free port")
    parser.add_argument("--key", default="devkey", help="API key that tokens are issued by")
    parser.add_argument("--secret", default="secret", help="API secret that tokens are signed with")
    parser.add_argument("--departure-timeout", type=_seconds, default=5.0, metavar="SECONDS",
                        help="how long a participant whose link broke may take to come back")
    parser.add_argument("--empty-room-timeout", type=_number(1, 86_400), default=20, metavar="SECONDS",
                        help="how long a room stays after its last participant has left")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    faults = parser.add_argument_group(
        "faults for tests and demonstrations", "for everyone, or for each NAME: an identity, @agents or @clients")
    for name in ("--drop-rpc-responses", "--drop-rpc-acks", "--refuse-resume", "--rpc-v1-only"):
        faults.add_argument(name, nargs="?", const="*", action="append", metavar="NAME")
    faults.add_argument("--delay-data-ms", type=_number(0, 60_000), default=0, metavar="MILLISECONDS")
    return parser


def _loopback(value: str) -> str:
    host = "127.0.0.1" if value == "localhost" else value
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise argparse.ArgumentTypeError("only a loopback address is allowed, this is a development tool")


def _number(low: int, high: int):
    def read(value: str) -> int:
        if value.isdigit() and low <= int(value) <= high:
            return int(value)
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}")
    return read


def _seconds(value: str) -> float:
    try:
        if 0 <= float(value) <= 3_600:
            return float(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError("must be a number of seconds from 0 to 3600")


def _matcher(values: list[str] | None) -> Matcher:
    if values and "*" in values:
        return Matcher(everyone=True)
    return Matcher(names=frozenset(values or []))


if __name__ == "__main__":
    sys.exit(main())
