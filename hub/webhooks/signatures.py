"""Signatures of the Standard Webhooks specification, symmetric (`v1`): sans-I/O.

Signed is `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA-256; the header holds any number
of signatures, apart by spaces, so that two secrets hold while one takes over from the other. The
body is signed as it came over the wire: it is never decoded before it is known to be genuine.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TOLERANCE: Final = timedelta(minutes=5)
"""How far a timestamp may lie from now, in both directions."""

_ID_TEXT: Final = re.compile(r"[!-~]{1,128}")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_SIGNATURE_MAX: Final = 2048


class SignatureError(Exception):
    """A message is not from whom it says, or not from now. No details go to whoever sent it."""


class SecretError(ValueError):
    """A text is no secret of the specification; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a genuine message says of itself."""

    id: str
    at_s: int


def secret_text(secret: bytes) -> str:
    """Give a secret as it is shown: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secret).decode()


def secret_of(text: str) -> bytes:
    """Read a secret as it is shown (24 to 64 bytes); raise `SecretError` for what is none."""
    try:
        found = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretError("a secret is whsec_ and base64") from error
    if not 24 <= len(found) <= 64:
        raise SecretError("a secret has 24 to 64 bytes")
    return found


def signature(secret: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """Give one signature, `v1,<base64>`."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def headers(secrets: Sequence[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers of a message, signed with every secret that holds."""
    at_s = int(at.timestamp())
    made = " ".join(signature(secret, message_id, at_s, body) for secret in secrets)
    return {ID: message_id, TIMESTAMP: str(at_s), SIGNATURE: made}


def verify(
    secrets: Sequence[bytes], found: Mapping[str, str], body: bytes, now: datetime
) -> Signed:
    """Give what a message says of itself once it is known to be genuine and of now; raise
    `SignatureError` otherwise. `found` are the request's headers by lower-case name. Signatures of
    other versions are passed over. Takes as long whether a signature is nearly right or not."""
    message_id, stamp = found.get(ID, ""), found.get(TIMESTAMP, "")
    given = found.get(SIGNATURE, "")
    if not _ID_TEXT.fullmatch(message_id) or not _SECONDS.fullmatch(stamp):
        raise SignatureError("the id or the timestamp is missing or is none")
    if not given.isascii() or len(given) > _SIGNATURE_MAX:
        raise SignatureError("no signatures of this length are made")
    at_s = int(stamp)
    if abs(now.timestamp() - at_s) > TOLERANCE.total_seconds():
        raise SignatureError("the timestamp is not of now")
    genuine = False
    for secret in secrets:
        wanted = signature(secret, message_id, at_s, body).encode()
        for each in given.split(" "):
            genuine |= hmac.compare_digest(wanted, each.encode())
    if not genuine:
        raise SignatureError("no signature fits")
    return Signed(message_id, at_s)
