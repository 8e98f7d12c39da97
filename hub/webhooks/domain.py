"""Endpoints, deliveries and their rules: pure. Nothing here reads a clock or draws a number.

A delivery is one message for one endpoint. Its life is a table: pending until an attempt succeeds
(`delivered`) or the schedule is used up (`failed`); a resend makes it pending again. Deliveries are
independent of one another, as the specification has it: one that waits holds up none behind it.
Whoever needs the order goes by `seq`, which counts an endpoint's messages without gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from hub.happenings.domain import HappeningKind
from hub.web.outbound import address_of, is_nobodys, meant

TEST: Final = "webhook.test"
"""The type of the message that tries an endpoint."""

RETRY_AFTER_S: Final = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
"""Seconds from one attempt to the next: 8 attempts over about 28 hours (Standard Webhooks,
"Retry schedule")."""
ATTEMPTS: Final = len(RETRY_AFTER_S) + 1
JITTER: Final = 0.1
"""Up to a tenth is added, so that what failed together does not come back together."""
LONGEST_WAIT_S: Final = 10 * 3600
LONGEST: Final = timedelta(seconds=LONGEST_WAIT_S * (1 + JITTER)) + timedelta(hours=1)
"""No delivery waits longer for its next attempt."""
FAILING_AFTER: Final = 8
"""So many failed attempts in a row, of whichever deliveries, and an endpoint counts as failing; so
does one that a delivery could not reach over its whole schedule."""
ANSWER_MAX: Final = 1024
"""Bytes of an answer that are read and kept."""
GRACE_MAX: Final = timedelta(days=7)


class EndpointState(StrEnum):
    """Whether messages are made for an endpoint, and sent to it."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Messages are made and wait."""
    FAILING = "failing"
    """Attempts go on; it is active again with the first that succeeds."""
    DISABLED = "disabled"
    """Nothing is made or sent: switched off by somebody, or by its own answer of 410."""


SENT_IN: Final = frozenset({EndpointState.ACTIVE, EndpointState.FAILING})
MADE_IN: Final = SENT_IN | {EndpointState.PAUSED}


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Fault(StrEnum):
    """What was wrong with an attempt; the catalogue has the words."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No such name, no route, nobody listening."""
    TLS = "tls"
    """Its certificate is not one that the hub trusts, or there is none."""
    BROKEN_OFF = "broken_off"
    """The connection ended before an answer."""
    NO_HTTP = "no_http"
    """What came back is no HTTP."""
    REDIRECT = "redirect"
    """Redirects are not followed: register the address itself."""
    STATUS = "status"
    """An answer that is not 2xx."""
    GONE = "gone"
    """410: the receiver wants no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages go. `sites` limits what it hears of; None is the whole town.

    `secret` and `previous_secret` are sealed; until `previous_until` both sign.
    """

    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    sites: tuple[str, ...] | None
    insecure: bool
    """Plain HTTP off this machine: anybody on the way can read it."""
    include_contact: bool
    """Names, contacts and purposes go along: personal data leaves the hub."""
    state: EndpointState
    failures: int
    """Failed attempts in a row."""
    secret: bytes = field(repr=False)
    previous_secret: bytes | None = field(repr=False)
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime
    last_success_at: datetime | None
    last_failure_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one endpoint. `payload` is the body, byte for byte, of every attempt.

    `attempts` counts those of this round, after which the schedule goes; `tries` all of them.
    """

    id: str
    endpoint_id: str
    message_id: str
    kind: str
    seq: int
    payload: str = field(repr=False)
    state: DeliveryState
    attempts: int
    tries: int
    next_at: datetime
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery; `number` counts from 1. `answer` is what came back, cut short."""

    delivery_id: str
    number: int
    at: datetime
    status: int | None
    latency_ms: int
    fault: Fault | None
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. `retry_after_s` is what the receiver asked for, if anything."""

    status: int | None
    fault: Fault | None
    latency_ms: int
    answer: str = field(default="", repr=False)
    retry_after_s: int | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the message was taken."""
        return self.fault is None


def fault_of(status: int) -> Fault | None:
    """Give what is wrong with an answer's status; None for 2xx."""
    if 200 <= status < 300:
        return None
    if status == 410:
        return Fault.GONE
    return Fault.REDIRECT if 300 <= status < 400 else Fault.STATUS


def wait_s(attempts: int, chance: float, retry_after_s: int | None = None) -> int | None:
    """Give how long to wait after so many attempts; None once they are used up.

    `chance`, from 0 up to 1, spreads retries; a receiver may ask for longer, up to
    `LONGEST_WAIT_S`, never for sooner.
    """
    if attempts >= ATTEMPTS:
        return None
    planned = RETRY_AFTER_S[attempts - 1]
    asked = min(retry_after_s or 0, LONGEST_WAIT_S)
    return max(round(planned * (1 + JITTER * chance)), asked)


# --- what an endpoint wants ----------------------------------------------------------------------

KINDS: Final = tuple(kind.value for kind in HappeningKind)
PATTERNS: Final = ("*", *sorted({f"{kind.partition('.')[0]}.*" for kind in KINDS}))


def is_pattern(text: str) -> bool:
    """Tell whether this is a kind, `topic.*` of a topic there is, or `*`."""
    return text in KINDS or text in PATTERNS


def wants(kinds: Iterable[str], kind: str) -> bool:
    """Tell whether a list of kinds and patterns takes in a kind."""
    topic = f"{kind.partition('.')[0]}.*"
    return any(each in ("*", kind, topic) for each in kinds)


def hears_of(endpoint: Endpoint, kind: str, site_id: str | None) -> bool:
    """Tell whether an endpoint is to be told of something at a site (None: of no site)."""
    if endpoint.state not in MADE_IN or not wants(endpoint.kinds, kind):
        return False
    return endpoint.sites is None or (site_id is not None and site_id in endpoint.sites)


# --- where it may lie ----------------------------------------------------------------------------

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9a-fA-F:.]{2,45}")
_METADATA: Final = frozenset({"metadata.google.internal"})


class UrlRefusedError(ValueError):
    """An address that the hub does not call; the message says why."""


def check_url(text: str, *, insecure: bool) -> str:
    """Give an endpoint's address back; raise `UrlRefusedError` for what the hub does not call.

    https, or http to this machine itself or where `insecure` is said; no user name or password,
    no fragment, no address that is nobody's (link-local ones hold a cloud's own secrets).
    """
    if not text.isascii() or any(character <= " " or character == "\\" for character in text):
        raise UrlRefusedError("an address is ASCII without spaces; write the host in punycode")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlRefusedError("this is no address") from error
    if parts.scheme not in ("http", "https"):
        raise UrlRefusedError("the address begins with https://")
    if "@" in parts.netloc or parts.fragment:
        raise UrlRefusedError("no user name, password or fragment in an address")
    if not _HOST.fullmatch(host) or host.rstrip(".") in _METADATA or _is_nobodys(host):
        raise UrlRefusedError("this host is not one that can be called")
    if parts.scheme == "http" and not insecure and not _is_loopback(host):
        raise UrlRefusedError("plain http needs `insecure`: anybody on the way can read it")
    return text


def _is_loopback(host: str) -> bool:
    found = address_of(host)
    return host == "localhost" if found is None else meant(found).is_loopback


def _is_nobodys(host: str) -> bool:
    found = address_of(host)
    return found is not None and is_nobodys(found)
