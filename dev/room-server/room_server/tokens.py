"""LiveKit access tokens: JWT with HS256, checked and made, and what they allow."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

from livekit.protocol import models

CLOCK_LEEWAY_SECONDS = 60
LIFETIME_SECONDS = 3_600
MAX_TOKEN_CHARACTERS = 16 * 1024


class TokenError(Exception):
    """The token is missing, wrong or out of date. The text is meant for the caller."""


@dataclass(frozen=True)
class Grants:
    """What a verified token says about its holder."""

    identity: str = ""
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    kind: int = models.ParticipantInfo.Kind.STANDARD
    video: dict[str, object] = field(default_factory=dict)

    def allows(self, grant: str, default: bool = False) -> bool:
        """A boolean of the `video` claim; anything that is not a boolean counts as absent."""
        value = self.video.get(grant)
        return value if isinstance(value, bool) else default

    @property
    def room(self) -> str:
        value = self.video.get("room")
        return value if isinstance(value, str) else ""

    def permission(self) -> models.ParticipantPermission:
        """The holder's rights in the room. Publish, subscribe and data are on unless the token says no."""
        return models.ParticipantPermission(
            can_subscribe=self.allows("canSubscribe", True),
            can_publish=self.allows("canPublish", True),
            can_publish_data=self.allows("canPublishData", True),
            can_publish_sources=self._sources(),
            can_update_metadata=self.allows("canUpdateOwnMetadata"),
            hidden=self.allows("hidden"),
            recorder=self.allows("recorder"),
            agent=self.allows("agent") or self.kind == models.ParticipantInfo.Kind.AGENT,
        )

    def _sources(self) -> list[int]:
        names = self.video.get("canPublishSources")
        if not isinstance(names, list):
            return []
        known = models.TrackSource.keys()
        return [models.TrackSource.Value(str(n).upper()) for n in names if str(n).upper() in known]


def verify(token: str, api_key: str, api_secret: str) -> Grants:
    """Checks signature, issuer and times; raises TokenError with the reason."""
    claims = _signed_claims(token, api_secret)
    if claims.get("iss") != api_key:
        raise TokenError("invalid token: unknown API key")
    _check_times(claims, time.time())
    return _grants(claims)


def sign(api_key: str, api_secret: str, claims: dict[str, object]) -> str:
    """A token with those claims, good from now on for as long as an agent's may be used to join."""
    now = int(time.time())
    times = {"iss": api_key, "nbf": now, "exp": now + LIFETIME_SECONDS}
    signed = ".".join(_encode(part) for part in ({"alg": "HS256", "typ": "JWT"}, {**claims, **times}))
    signature = hmac.new(api_secret.encode("utf-8"), signed.encode("utf-8"), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode('ascii')}"


def _encode(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode("utf-8")).rstrip(b"=").decode("ascii")


def _signed_claims(token: str, api_secret: str) -> dict[str, object]:
    if not token:
        raise TokenError("no access token was given")
    parts = token.split(".")
    if len(token) > MAX_TOKEN_CHARACTERS or len(parts) != 3:
        raise TokenError("invalid token: not a JWT")
    try:
        header = json.loads(_decode(parts[0]))
        claims = json.loads(_decode(parts[1]))
        signature = _decode(parts[2])
    except (ValueError, binascii.Error) as error:
        raise TokenError("invalid token: not a JWT") from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "HS256":
        raise TokenError("invalid token: not a JWT with HS256")
    signed = f"{parts[0]}.{parts[1]}".encode("utf-8")
    expected = hmac.new(api_secret.encode("utf-8"), signed, hashlib.sha256).digest()
    if not hmac.compare_digest(signature, expected):
        raise TokenError("invalid token: wrong signature")
    return claims


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _check_times(claims: dict[str, object], now: float) -> None:
    for name in ("exp", "nbf"):
        value = claims.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise TokenError(f"invalid token: {name} is not a number")
    expiry, not_before = claims.get("exp"), claims.get("nbf")
    if expiry is not None and now >= expiry:
        raise TokenError("invalid token: it has expired")
    if not_before is not None and now + CLOCK_LEEWAY_SECONDS < not_before:
        raise TokenError("invalid token: it is not valid yet")


def _grants(claims: dict[str, object]) -> Grants:
    video, attributes = claims.get("video"), claims.get("attributes")
    return Grants(
        identity=str(claims.get("sub") or ""),
        name=str(claims.get("name") or ""),
        metadata=str(claims.get("metadata") or ""),
        attributes={str(k): str(v) for k, v in attributes.items()} if isinstance(attributes, dict) else {},
        kind=_kind(claims.get("kind")),
        video=video if isinstance(video, dict) else {},
    )


def _kind(value: object) -> int:
    name = str(value or "standard").upper()
    if name not in models.ParticipantInfo.Kind.keys():
        return models.ParticipantInfo.Kind.STANDARD
    return models.ParticipantInfo.Kind.Value(name)
