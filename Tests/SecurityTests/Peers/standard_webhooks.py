"""The `standardwebhooks` package of PyPI at work for StandardWebhooksPeerTests.

Reads one JSON document from the file named by the first argument:
{"verify": [{"secret", "id", "timestamp", "signature", "body"}], "sign": [{"secret", "id", "timestamp", "body"}]},
bodies in base64, and prints {"accepted": [bool], "signatures": [text]} in the same order.
"""

import base64
import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook


def accepts(case: dict) -> bool:
    headers = {
        "webhook-id": case["id"],
        "webhook-timestamp": case["timestamp"],
        "webhook-signature": case["signature"],
    }
    try:
        Webhook(case["secret"]).verify(base64.b64decode(case["body"]), headers, json_parse=False)
    except Exception:  # Whatever it raises, it has not accepted.
        return False
    return True


def sign(case: dict) -> str:
    # The package takes a time of UTC.
    moment = datetime.fromtimestamp(case["timestamp"], tz=timezone.utc)
    body = base64.b64decode(case["body"]).decode()
    return Webhook(case["secret"]).sign(case["id"], moment, body)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    answer = {
        "accepted": [accepts(case) for case in work["verify"]],
        "signatures": [sign(case) for case in work["sign"]],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
