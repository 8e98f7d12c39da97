"""Who is who: controller ids and UUIDv7 for everything else."""

from __future__ import annotations

import re
import uuid
from typing import Final

from wire.errors import WireError, WireFault

CONTROLLER_ID_LENGTH: Final = 16
_CONTROLLER_ID = re.compile(r"[a-z0-9]{16}")
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_controller_id(text: str) -> str:
    """Give back a controller id (`[a-z0-9]{16}`); raise `WireError(BAD_IDENTITY)` for others.

    The same text is the certificate's CN, the MQTT user name and the MQTT client id.
    """
    if not _CONTROLLER_ID.fullmatch(text):
        raise WireError(WireFault.BAD_IDENTITY, "controller id must be 16 of a-z and 0-9")
    return text


def controller_id_from(entropy: bytes) -> str:
    """Make a controller id from at least 16 random bytes; 82 bits of them survive."""
    if len(entropy) < CONTROLLER_ID_LENGTH:
        raise ValueError("a controller id needs at least 16 random bytes")
    number = int.from_bytes(entropy, "big")
    letters: list[str] = []
    for _ in range(CONTROLLER_ID_LENGTH):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)


def uuid7(unix_ms: int, entropy: bytes) -> str:
    """Make a UUIDv7 (RFC 9562, 5.7) from a time in ms since 1970 and 10 random bytes."""
    if len(entropy) != 10:
        raise ValueError("a UUIDv7 takes exactly 10 random bytes")
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError("the time of a UUIDv7 has 48 bits")
    random = int.from_bytes(entropy, "big")
    rand_a = random >> 68 & 0xFFF
    rand_b = random & ((1 << 62) - 1)
    return str(uuid.UUID(int=unix_ms << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b))


def check_uuid7(text: str) -> str:
    """Give back a lower-case UUIDv7; raise `WireError(BAD_IDENTITY)` for anything else."""
    if not _UUID.fullmatch(text):
        raise WireError(WireFault.BAD_IDENTITY, "not a UUIDv7")
    return text


def uuid_bytes(text: str) -> bytes:
    """Give the 16 bytes of a UUID; raise `WireError(BAD_IDENTITY)` if it is none."""
    try:
        return uuid.UUID(text).bytes
    except ValueError as error:
        raise WireError(WireFault.BAD_IDENTITY, "not a UUID") from error


def pin_policy_id(credential_id: str, door_id: str) -> str:
    """Name the policy entry of one credential's PIN at one door: `{credential}@{door}`."""
    return f"{credential_id}@{door_id}"
