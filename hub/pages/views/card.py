"""Cards, enrolments and rights as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.commands.ways import Access, AccessBy
from hub.pages.views.card_profile import ReadLine, key_of, kind_of, read_line
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.card_key_domain import CardKeySet
from hub.people.domain import Card, CardState, Grant, Group
from hub.people.enrolment_domain import EnrolmentState, Refusal
from hub.people.enrolment_service import EnrolmentSeen
from wire.policy_bodies import Assurance

_SHOWN_SPANS = 7
_STATE_CHIP = {
    CardState.ACTIVE: ("good", "check"),
    CardState.LOST: ("bad", "alert"),
    CardState.BLOCKED: ("warn", "lock"),
    CardState.WITHDRAWN: ("wait", "cross"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """Something to choose."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody in the list."""

    id: str
    name: str
    staff_number: str
    department: str
    cards: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card, what it proves and what can be done to it."""

    id: str
    label: str
    chip: Chip
    proof: Chip
    kind: str
    key: str
    until: str
    reason: str
    may_lose: bool
    may_unblock: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A way in: who or where, why, when, and what may still refuse it."""

    door: str
    door_id: str
    person: str
    card: str
    why: str
    when: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Somebody's cards. `ways` is None for those who may not read grants."""

    id: str
    name: str
    beside: str
    cards: tuple[CardRow, ...]
    key_sets: tuple[Named, ...]
    readers: tuple[Named, ...]
    ways: tuple[AccessRow, ...] | None
    may_write: bool
    may_block: bool


@dataclass(frozen=True, slots=True)
class EnrolmentPage:
    """An enrolment: `live` while there is something to wait for."""

    id: str
    person_id: str
    person: str
    reader: str
    tone: str
    icon: str
    title: str
    text: str
    left: str
    refusal: str
    refusal_more: str
    read: ReadLine | None
    live: bool
    away: bool
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A place, and what each group may do there."""

    place: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixPage:
    """Groups against places."""

    groups: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def state_chip(card: Card, words: Words) -> Chip:
    """Say whether a card is in use."""
    if card.is_over(words.now) and card.state is CardState.ACTIVE:
        return Chip("warn", "clock", words.t("cards.state_over"))
    tone, icon = _STATE_CHIP[card.state]
    return Chip(tone, icon, words.t(f"cards.state_{card.state}"))


def proof_chip(card: Card, words: Words) -> Chip:
    """Say how easily a card is copied."""
    if card.has_key:
        return Chip("good", "shield", words.t("cards.shared"))
    if card.public_key is not None or card.assurance is Assurance.CHALLENGE:
        return Chip("good", "shield", words.t("cards.proven"))
    if card.assurance is Assurance.READER_VERIFIED:
        return Chip("good", "shield", words.t("cards.verified"))
    return Chip("warn", "copy", words.t("cards.copyable"))


def card_rows(
    held: Sequence[Card], sets: Mapping[str, CardKeySet], words: Words
) -> tuple[CardRow, ...]:
    """Give somebody's cards: those in use first."""
    found = sorted(held, key=lambda card: (card.state is not CardState.ACTIVE, card.id))
    return tuple(_card(card, sets, words) for card in found)


def _card(card: Card, sets: Mapping[str, CardKeySet], words: Words) -> CardRow:
    end = card.valid_until
    return CardRow(
        id=card.id,
        label=card.label or words.t("cards.no_label"),
        chip=state_chip(card, words),
        proof=proof_chip(card, words),
        kind=kind_of(card, words),
        key=key_of(card, sets, words),
        until=words.t("cards.until", time=words.date_time(end)) if end is not None else "",
        reason=card.state_reason,
        may_lose=card.state is CardState.ACTIVE,
        may_unblock=card.state in (CardState.LOST, CardState.BLOCKED),
        may_withdraw=card.state is not CardState.WITHDRAWN,
    )


def enrolment_page(
    seen: EnrolmentSeen, names: Mapping[str, str], reader: str, words: Words, *, away: bool = False
) -> EnrolmentPage:
    """Give how an enrolment stands."""
    found, state, t = seen.enrolment, seen.state, words.t
    live = state in (EnrolmentState.WAITING, EnrolmentState.AGAIN)
    tones = {
        EnrolmentState.WAITING: ("wait", "card"),
        EnrolmentState.AGAIN: ("wait", "card"),
        EnrolmentState.DONE: ("good", "check"),
    }
    tone, icon = tones.get(state, ("warn", "clock"))
    texts = {
        EnrolmentState.WAITING: t("enrolment.waiting_how"),
        EnrolmentState.AGAIN: t("enrolment.again_why"),
        EnrolmentState.DONE: t("enrolment.done_more"),
    }
    seconds = max(int((found.until - words.now).total_seconds()), 0)
    refusal = t(f"enrolment.{found.refusal}") if found.refusal is not Refusal.NONE else ""
    more = ""
    if found.refusal is Refusal.KNOWN:
        whose = names.get(seen.refused.person_id or "", "") if seen.refused else ""
        more = t("enrolment.known_whose", name=whose) if whose else t("enrolment.known_nobody")
    elif found.refusal is Refusal.TWO_CARDS:
        more = t("enrolment.two_cards_more")
    return EnrolmentPage(
        id=found.id,
        person_id=found.person_id or "",
        person=names.get(found.person_id or "", ""),
        reader=reader,
        tone=tone,
        icon=icon,
        title=t(f"enrolment.{state}"),
        text=texts.get(state, ""),
        left=t("enrolment.left", seconds=seconds) if live else "",
        refusal=refusal,
        refusal_more=more,
        read=read_line(seen.read, words) if seen.read is not None else None,
        live=live,
        away=live and away,
        may_repeat=not live and state is not EnrolmentState.DONE and found.profile is None,
    )


def access_rows(
    found: Sequence[Access],
    doors: Mapping[str, str],
    people: Mapping[str, str],
    cards: Mapping[str, str],
    groups: Mapping[str, str],
    zones: Mapping[str, str],
    words: Words,
) -> tuple[AccessRow, ...]:
    """Give ways in as lines, by door and person."""
    lines = [
        AccessRow(
            door=doors.get(way.door_id, ""),
            door_id=way.door_id,
            person=_who(way, people, words),
            card=cards.get(way.credential_id or "", ""),
            why=_why(way, groups, zones, words),
            when=_when(way, words),
            conditions=tuple(words.t(f"condition.{one.reason}") for one in way.conditions),
        )
        for way in found
    ]
    return tuple(sorted(lines, key=lambda line: (line.door, line.person, line.card)))


def _who(way: Access, people: Mapping[str, str], words: Words) -> str:
    if way.by is AccessBy.SCHEDULE:
        return words.t("door.everybody")
    return people.get(way.person_id or "", "")


def _why(way: Access, groups: Mapping[str, str], zones: Mapping[str, str], words: Words) -> str:
    t = words.t
    if way.by is AccessBy.SCHEDULE:
        return t("rights.by_hold")
    if way.by is AccessBy.PIN:
        return t("rights.by_pin")
    told = [
        t("rights.by_group", group=groups.get(way.via_group, ""))
        if way.via_group
        else t("rights.by_own")
    ]
    if way.zone_id:
        told.append(t("rights.by_zone", zone=zones.get(way.zone_id, "")))
    if way.needs_pin:
        told.append(t("rights.with_pin"))
    if way.side is not None:
        told.append(t(f"rights.side_{way.side}"))
    return t("words.comma").join(told)


def _when(way: Access, words: Words) -> tuple[str, ...]:
    spans = way.spans or ()
    told = [
        f"{words.day(words.day_of(span.start))} {words.span(span.start, span.end)}"
        for span in spans[:_SHOWN_SPANS]
    ]
    if len(spans) > _SHOWN_SPANS:
        told.append(words.t("rights.more", count=len(spans) - _SHOWN_SPANS))
    return tuple(told)


def matrix_page(
    found: Sequence[Grant],
    groups: Sequence[Group],
    places: Mapping[str, str],
    schedules: Mapping[str, str],
    words: Words,
) -> MatrixPage:
    """Give groups with a grant against the places they are granted."""
    granted = {grant.group_id for grant in found}
    columns = [group for group in groups if group.id in granted]
    cells: dict[tuple[str, str], list[str]] = {}
    for grant in found:
        place = grant.door_id or grant.zone_id or ""
        told = _terms(grant, schedules, words)
        cells.setdefault((place, grant.group_id or ""), []).append(told)
    rows = [
        MatrixRow(
            places[place],
            tuple(words.t("words.comma").join(cells.get((place, g.id), ())) for g in columns),
        )
        for place in sorted({place for place, _ in cells}, key=lambda one: places.get(one, ""))
        if place in places
    ]
    return MatrixPage(tuple(words.name(g.name, g.name_en) for g in columns), tuple(rows))


def _terms(grant: Grant, schedules: Mapping[str, str], words: Words) -> str:
    t = words.t
    told = [schedules.get(grant.schedule_id or "", "") or t("rights.always")]
    if grant.needs_pin:
        told.append(t("rights.with_pin"))
    if grant.start_at is not None and grant.start_at > words.now:
        told.append(t("rights.from", time=words.date_time(grant.start_at)))
    if grant.end_at is not None:
        told.append(t("rights.until", time=words.date_time(grant.end_at)))
    return " ".join(told)
