"""The visitors' register as the desk reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.visitors.domain import PoolCard, Visit, Visitor, VisitState
from hub.visitors.service import VisitSeen


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a list to choose from."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class GuestLine:
    """A visitor, and what can be done about them now."""

    id: str
    name: str
    chip: Chip
    times: str
    card: str
    may_arrive: bool
    may_leave: bool
    is_out: bool


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit."""

    id: str
    span: str
    organisation: str
    host: str
    purpose: str
    escorted: bool
    may_cancel: bool
    may_change: bool
    may_end: bool
    ends: str
    guests: tuple[GuestLine, ...]


@dataclass(frozen=True, slots=True)
class BadgeLine:
    """A card that is out."""

    label: str
    visitor_id: str
    text: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class DayPage:
    """A day's register."""

    day: str
    title: str
    visits: tuple[VisitLine, ...]
    badges: tuple[BadgeLine, ...]
    free: tuple[Choice, ...]
    may_write: bool
    may_call: bool


@dataclass(frozen=True, slots=True)
class FormPage:
    """What a visit can be entered with."""

    sites: tuple[Choice, ...]
    hosts: tuple[Choice, ...]
    opens: tuple[Choice, ...]
    starts: str
    ends: str


def visit_lines(
    found: Sequence[VisitSeen], hosts: Mapping[str, str], labels: Mapping[str, str], words: Words
) -> tuple[VisitLine, ...]:
    """Give a day's visits, the earliest first."""
    return tuple(
        VisitLine(
            id=seen.visit.id,
            span=words.span(seen.visit.starts_at, seen.visit.ends_at),
            organisation=seen.visit.organisation,
            host=hosts.get(seen.visit.host_id or "", ""),
            purpose=seen.visit.purpose,
            escorted=seen.visit.escort_required,
            may_cancel=seen.visit.state is VisitState.PLANNED
            and words.now < seen.visit.ends_at
            and not any(each.is_inside for each in seen.visitors),
            may_change=seen.visit.state is VisitState.PLANNED and words.now < seen.visit.ends_at,
            may_end=seen.visit.is_on(words.now) and words.now > seen.visit.starts_at,
            ends=f"{seen.visit.ends_at.astimezone(words.zone):%Y-%m-%dT%H:%M}",
            guests=tuple(_guest(seen.visit, each, labels, words) for each in seen.visitors),
        )
        for seen in found
    )


def badge_lines(
    pool: Sequence[PoolCard], labels: Mapping[str, str], words: Words
) -> tuple[BadgeLine, ...]:
    """Give the cards that are out, those that should be back first."""
    out = sorted((card for card in pool if card.visitor_id), key=lambda card: not card.overdue)
    return tuple(
        BadgeLine(
            label=labels[card.card_id],
            visitor_id=card.visitor_id or "",
            text=words.t("visitors.out_since", time=words.when(card.given_at))
            if card.given_at
            else "",
            chip=Chip("bad", "alert", words.t("visitors.overdue")) if card.overdue else None,
        )
        for card in out
    )


def _guest(visit: Visit, guest: Visitor, labels: Mapping[str, str], words: Words) -> GuestLine:
    t, is_on = words.t, visit.state is VisitState.PLANNED and words.now < visit.ends_at
    times = [words.when(at) for at in (guest.arrived_at, guest.left_at) if at is not None]
    card = labels.get(guest.card_id or "", "")
    return GuestLine(
        id=guest.id,
        name=guest.name or t("visitors.forgotten"),
        chip=_chip(visit, guest, words),
        times="–".join(times),
        card=t("visitors.has_card", label=card) if card else "",
        may_arrive=is_on and not guest.is_inside,
        may_leave=guest.is_inside,
        is_out=guest.card_id is not None,
    )


def _chip(visit: Visit, guest: Visitor, words: Words) -> Chip:
    t = words.t
    if guest.is_inside:
        if words.now >= visit.ends_at:
            return Chip("bad", "clock", t("visitors.state_over"))
        return Chip("good", "person", t("visitors.state_inside"))
    if guest.left_at is not None:
        return Chip("wait", "check", t("visitors.state_left"))
    if visit.state is VisitState.CANCELLED:
        return Chip("warn", "cross", t("visitors.state_cancelled"))
    return Chip("wait", "clock", t("visitors.state_expected"))
