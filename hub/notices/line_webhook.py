"""What LINE's platform sends to the hub's webhook: the signature over the raw bytes, the events.

Messaging API reference, "Webhooks", "Signature validation". Pure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Final

import msgspec

SIGNATURE_HEADER: Final = "X-Line-Signature"
EVENTS_MAX: Final = 200


class WebhookError(ValueError):
    """The body is not what LINE sends."""


@dataclass(frozen=True, slots=True)
class LineEvent:
    """One event that concerns us: `follow`, `unfollow`, or `message` with its text."""

    kind: str
    user: str = field(repr=False)
    text: str = field(default="", repr=False)
    reply_token: str = field(default="", repr=False)


class _Source(msgspec.Struct):
    type: str = ""
    userId: str = ""  # noqa: N815  # LINE's spelling


class _Message(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    mode: str = "active"
    source: _Source | None = None
    message: _Message | None = None
    replyToken: str = ""  # noqa: N815


class _Body(msgspec.Struct):
    events: list[_Event] = []


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Tell whether the body was signed with the channel's secret: base64 of HMAC-SHA-256, compared
    in constant time."""
    try:
        given = base64.b64decode(signature.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, hmac.digest(secret.encode(), body, "sha256"))


def events_of(body: bytes) -> list[LineEvent]:
    """Give the events of a body that concern us, others left out; raise `WebhookError`."""
    try:
        found = msgspec.json.decode(body, type=_Body).events
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WebhookError("not a webhook body of the Messaging API") from error
    events = []
    for each in found[:EVENTS_MAX]:
        source = each.source
        if source is None or source.type != "user" or each.mode != "active":
            continue
        if each.type in ("follow", "unfollow"):
            events.append(LineEvent(each.type, source.userId, "", each.replyToken))
        elif each.type == "message" and each.message is not None and each.message.type == "text":
            events.append(LineEvent("message", source.userId, each.message.text, each.replyToken))
    return events
