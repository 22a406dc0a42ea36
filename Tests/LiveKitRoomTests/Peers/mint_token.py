"""Prints a LiveKit access token: key, secret, identity, room, claims (JSON)."""
import base64, hashlib, hmac, json, sys, time


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


key, secret, identity, room, extra = sys.argv[1:6]
now = int(time.time())
claims = {
    "iss": key, "sub": identity, "nbf": now - 60, "exp": now + 3600,
    "video": {"room": room, "roomJoin": True, "canUpdateOwnMetadata": True},
    **json.loads(extra),
}
head = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
print(head + "." + part(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()))
