"""The visitors' register as the desk reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.domain import CardState
from hub.pins.placement import Readiness
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
class CardLine:
    """A card of the pool: in the drawer, lent, or missing."""

    id: str
    label: str
    chip: Chip
    text: str
    is_free: bool
    may_lose: bool


@dataclass(frozen=True, slots=True)
class PinLine:
    """A visitor on a visit's page, and how their PIN stands."""

    id: str
    name: str
    chip: Chip | None
    changed: bool


@dataclass(frozen=True, slots=True)
class VisitPage:
    """A visit, to be changed: its form's values and its visitors."""

    id: str
    title: str
    given: Mapping[str, object]
    guests: tuple[PinLine, ...]
    may_change: bool
    may_give: bool
    may_reveal: bool


@dataclass(frozen=True, slots=True)
class SheetPage:
    """A visitor's PIN on paper."""

    visit_id: str
    name: str
    organisation: str
    when: str
    doors: str
    escorted: bool
    groups: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FormPage:
    """What a visit can be entered with. `hosts` are those whom a search found."""

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


def card_lines(pool: Sequence[PoolCard], words: Words) -> tuple[CardLine, ...]:
    """Give the pool's cards, those that are missing first."""
    lines = [_card(card, words) for card in pool]
    return tuple(sorted(lines, key=lambda line: _ORDER.index(line.chip.tone)))


def _card(card: PoolCard, words: Words) -> CardLine:
    t = words.t
    lost = card.state is not CardState.ACTIVE
    if lost:
        chip = Chip("bad", "alert", t(f"cards.state_{card.state}"))
    elif card.overdue:
        chip = Chip("bad", "alert", t("visitors.overdue"))
    elif card.visitor_id is not None:
        chip = Chip("wait", "person", t("visitors.card_lent"))
    else:
        chip = Chip("good", "check", t("visitors.card_free"))
    return CardLine(
        id=card.card_id,
        label=card.label or card.card_id[-4:],
        chip=chip,
        text=t("visitors.out_since", time=words.when(card.given_at)) if card.given_at else "",
        is_free=card.visitor_id is None,
        may_lose=not lost,
    )


_ORDER = ("bad", "wait", "good")
_PIN_CHIPS = {
    Readiness.PROBLEM: ("bad", "alert"),
    Readiness.PLACED: ("good", "check"),
    Readiness.ACTIVE: ("good", "check"),
}


def pin_lines(seen: VisitSeen, words: Words) -> tuple[PinLine, ...]:
    """Give a visit's visitors with how far their PINs are confirmed."""
    pins = {each.visitor_id: each for each in seen.pins}
    found = []
    for guest in seen.visitors:
        pin = pins.get(guest.id)
        chip = None
        if pin is not None:
            tone, icon = _PIN_CHIPS.get(pin.readiness, ("wait", "clock"))
            ready = tone == "good"
            text = "pin_placed" if ready else "pin_problem" if tone == "bad" else "pin_waits"
            chip = Chip(tone, icon, words.t(f"visitors.{text}"))
        changed = pin is not None and pin.pin_changed
        name = guest.name or words.t("visitors.forgotten")
        found.append(PinLine(guest.id, name, chip, changed))
    return tuple(found)
