"""Random ids with LiveKit's prefixes: clients refuse others."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 12


def participant_sid() -> str:
    return "PA_" + _random()


def room_sid() -> str:
    return "RM_" + _random()


def track_sid(is_audio: bool) -> str:
    return ("TR_AM" if is_audio else "TR_VC") + _random()


def worker_id() -> str:
    return "AW_" + _random()


def job_id() -> str:
    return "AJ_" + _random()


def dispatch_id() -> str:
    return "AD_" + _random()


def _random() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
