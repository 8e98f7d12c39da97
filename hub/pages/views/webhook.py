"""Webhooks as people read them: where messages go, what became of each, and what came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hub.pages.views.door import Chip
from hub.pages.words import Words, iso
from hub.web.paging import Page
from hub.webhooks.domain import Attempt, DeliveryState, EndpointState
from hub.webhooks.service import Logged, Standing
from hub.webhooks.source_domain import Received, ReceivedResult, Source, SourceState

_STATES: Final = {
    EndpointState.ACTIVE: ("good", "check"),
    EndpointState.PAUSED: ("wait", "clock"),
    EndpointState.FAILING: ("bad", "alert"),
    EndpointState.DISABLED: ("", "cross"),
}
_DELIVERIES: Final = {
    DeliveryState.PENDING: ("wait", "clock"),
    DeliveryState.DELIVERED: ("good", "check"),
    DeliveryState.FAILED: ("bad", "alert"),
}
_RESULTS: Final = {
    ReceivedResult.CREATED: ("good", "check"),
    ReceivedResult.CHANGED: ("good", "check"),
    ReceivedResult.CANCELLED: ("good", "check"),
    ReceivedResult.UNCHANGED: ("", "check"),
    ReceivedResult.IGNORED: ("", "cross"),
    ReceivedResult.REFUSED: ("bad", "alert"),
}


@dataclass(frozen=True, slots=True)
class WebhookLine:
    """An endpoint in the list. Of its address only the host is shown: the path may be a secret."""

    id: str
    name: str
    host: str
    chip: Chip
    kinds: str
    last: str
    counts: str
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt."""

    when: str
    iso: str
    what: str
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One message."""

    id: str
    kind: str
    seq: int
    when: str
    iso: str
    chip: Chip
    next: str
    tries: str
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """An endpoint's page."""

    line: WebhookLine
    state: EndpointState
    deliveries: tuple[DeliveryLine, ...]
    next_cursor: str | None
    failed: int
    may_write: bool

    @property
    def is_on(self) -> bool:
        """Whether anything is sent to it, now or once it is resumed."""
        return self.state is not EndpointState.DISABLED


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source in the list."""

    id: str
    name: str
    path: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A message that came in."""

    when: str
    iso: str
    chip: Chip
    key: str
    booking_path: str
    why: str
    times: int


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A source's page."""

    line: SourceLine
    is_paused: bool
    received: tuple[ReceivedLine, ...]
    next_cursor: str | None
    may_write: bool


def webhook_line(found: Standing, words: Words) -> WebhookLine:
    """Give an endpoint's line."""
    kept, t = found.endpoint, words.t
    host = urlsplit(kept.url).netloc
    tone, icon = _STATES[kept.state]
    counts = [
        t(f"webhook.{name}", count=count)
        for name, count in (("waiting", found.pending), ("given_up", found.failed))
        if count
    ]
    risks = [
        t(f"webhook.{name}")
        for name, there in (
            ("insecure", kept.insecure and kept.url.startswith("http:")),
            ("with_contact", kept.include_contact),
        )
        if there
    ]
    last = kept.last_success_at
    return WebhookLine(
        id=kept.id,
        name=kept.description or host,
        host=host,
        chip=Chip(tone, icon, t(f"webhook.state.{kept.state.value}")),
        kinds=t("words.comma").join(t("webhook.all") if k == "*" else k for k in kept.kinds),
        last=words.when(last) if last else t("webhook.never"),
        counts=t("words.comma").join(counts),
        risks=tuple(risks),
    )


def webhook_page(
    found: Standing, page: Page[Logged], words: Words, *, may_write: bool
) -> WebhookPage:
    """Give an endpoint's page."""
    return WebhookPage(
        line=webhook_line(found, words),
        state=found.endpoint.state,
        deliveries=tuple(_delivery_line(each, words) for each in page.items),
        next_cursor=page.next_cursor,
        failed=found.failed,
        may_write=may_write,
    )


def _delivery_line(found: Logged, words: Words) -> DeliveryLine:
    kept, t = found.delivery, words.t
    tone, icon = _DELIVERIES[kept.state]
    waits = kept.state is DeliveryState.PENDING
    return DeliveryLine(
        id=kept.id,
        kind=kept.kind,
        seq=kept.seq,
        when=words.when(kept.created_at),
        iso=iso(kept.created_at),
        chip=Chip(tone, icon, t(f"webhook.delivery.{kept.state.value}")),
        next=t("webhook.next", time=words.when(kept.next_at)) if waits and kept.tries else "",
        tries=t("webhook.tries", count=kept.tries),
        attempts=tuple(_attempt_line(each, words) for each in found.attempts),
    )


def _attempt_line(attempt: Attempt, words: Words) -> AttemptLine:
    t = words.t
    fault = t(f"webhook.fault.{attempt.fault.value}") if attempt.fault else t("webhook.taken")
    status = f" ({attempt.status})" if attempt.status else ""
    return AttemptLine(
        when=words.when(attempt.at),
        iso=iso(attempt.at),
        what=f"{fault}{status} ・ {attempt.latency_ms} ms",
        answer=attempt.answer,
    )


def source_line(source: Source, words: Words) -> SourceLine:
    """Give a source's line."""
    paused = source.state is SourceState.PAUSED
    state = EndpointState.PAUSED if paused else EndpointState.ACTIVE
    chip = Chip(*_STATES[state], words.t(f"webhook.source_state.{source.state.value}"))
    return SourceLine(source.id, source.name, f"/api/v1/hooks/{source.id}", chip)


def source_page(
    source: Source, page: Page[Received], words: Words, *, may_write: bool
) -> SourcePage:
    """Give a source's page."""
    return SourcePage(
        line=source_line(source, words),
        is_paused=source.state is SourceState.PAUSED,
        received=tuple(_received_lines(page.items, words)),
        next_cursor=page.next_cursor,
        may_write=may_write,
    )


def _received_lines(found: Iterable[Received], words: Words) -> Iterable[ReceivedLine]:
    t = words.t
    for each in found:
        tone, icon = _RESULTS[each.result]
        why = each.code
        for key in (f"webhook.why.{each.code}", f"problem.{each.code}.title"):
            if each.code and t.has(key):
                why = t(key)
                break
        where = each.field.removeprefix("body.")
        yield ReceivedLine(
            when=words.when(each.received_at),
            iso=iso(each.received_at),
            chip=Chip(tone, icon, t(f"webhook.result.{each.result.value}")),
            key=each.reservation_key or "",
            booking_path=f"/bookings/{each.booking_id}" if each.booking_id else "",
            why=f"{why} ({where})" if where else why,
            times=each.times,
        )
