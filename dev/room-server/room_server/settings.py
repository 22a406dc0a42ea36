"""What can be set when the server starts, and the faults that a test can switch on."""

from __future__ import annotations

from dataclasses import dataclass, field

from livekit.protocol import models

MAX_SIGNAL_FRAME_BYTES = 2 * 1024 * 1024
MAX_METADATA_BYTES = 512 * 1024
MAX_ATTRIBUTES_BYTES = 64 * 1024
MAX_NAME_CHARACTERS = 256

PING_INTERVAL_SECONDS = 5
PING_TIMEOUT_SECONDS = 15


@dataclass(frozen=True)
class Settings:
    """The command line, checked."""

    host: str = "127.0.0.1"
    port: int = 7880
    api_key: str = "devkey"
    api_secret: str = "secret"
    departure_timeout_seconds: float = 5.0
    empty_room_timeout_seconds: int = 20


#: Groups that a fault can name like an identity.
AGENTS, CLIENTS = "@agents", "@clients"


@dataclass
class Matcher:
    """Nobody, everybody, or participants by identity or by group (`@agents`, `@clients`)."""

    everyone: bool = False
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, value: object) -> "Matcher":
        """Reads `true`, `false`, one name or a list of names."""
        if isinstance(value, bool) or value is None:
            return cls(everyone=bool(value))
        if isinstance(value, str):
            return cls(names=frozenset([value]))
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return cls(names=frozenset(value))
        raise ValueError("must be true, false, a name or a list of names")

    def matches(self, identity: str, kind: int) -> bool:
        """Whether a participant of that identity and kind is meant."""
        group = AGENTS if kind == models.ParticipantInfo.Kind.AGENT else CLIENTS
        return self.everyone or identity in self.names or group in self.names

    def to_json(self) -> object:
        return sorted(self.names) if self.names else self.everyone


@dataclass
class Faults:
    """Faults on purpose, all off unless a flag or `/debug/faults` sets them."""

    drop_rpc_responses: Matcher = field(default_factory=Matcher)
    drop_rpc_acks: Matcher = field(default_factory=Matcher)
    refuse_resume: Matcher = field(default_factory=Matcher)
    rpc_v1_only: Matcher = field(default_factory=Matcher)
    delay_data_ms: int = 0

    def change(self, wanted: dict[str, object]) -> None:
        """Changes the named faults only; raises ValueError and changes nothing if one is wrong."""
        changes: dict[str, object] = {}
        for name, value in wanted.items():
            if name == "delay_data_ms":
                if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 60_000:
                    raise ValueError("delay_data_ms must be a whole number from 0 to 60000")
                changes[name] = value
            elif name in ("drop_rpc_responses", "drop_rpc_acks", "refuse_resume", "rpc_v1_only"):
                try:
                    changes[name] = Matcher.parse(value)
                except ValueError as error:
                    raise ValueError(f"{name} {error}") from error
            else:
                raise ValueError(f"there is no fault named {name}")
        for name, value in changes.items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, object]:
        return {
            "drop_rpc_responses": self.drop_rpc_responses.to_json(),
            "drop_rpc_acks": self.drop_rpc_acks.to_json(),
            "refuse_resume": self.refuse_resume.to_json(),
            "rpc_v1_only": self.rpc_v1_only.to_json(),
            "delay_data_ms": self.delay_data_ms,
        }
