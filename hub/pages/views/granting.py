"""Rights that were given, as a list and one by one, and the form that gives one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.pages.views.choice import Choice
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.domain import Grant
from hub.web.problems import Problem
from wire.policy_bodies import EntryState

_NEW: Final[dict[str, Any]] = {
    "card_id": None,
    "max_uses": None,
    "soft": False,
    "escorts": (),
    "escort_s": 30,
    "state": EntryState.ACTIVE,
}
_FIELD_OF: Final = {
    "person_id": "subject",
    "group_id": "subject",
    "card_id": "subject",
    "door_id": "place",
    "zone_id": "place",
    "end_at": "ends_at",
    "start_at": "starts_at",
}
"""Where the form shows what a service says of a column."""


@dataclass(frozen=True, slots=True)
class Called:
    """The names of what rights join, by id."""

    people: Mapping[str, str]
    groups: Mapping[str, str]
    cards: Mapping[str, str]
    places: Mapping[str, str]
    schedules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RightLine:
    """A right: who, where, when, and whether it counts now. `live`: it can be ended."""

    id: str
    who: str
    who_path: str
    place: str
    when: tuple[str, ...]
    terms: tuple[str, ...]
    note: str
    chip: Chip
    live: bool


@dataclass(frozen=True, slots=True)
class RightForm:
    """What is typed. `subject` is `person:ID` or `group:ID`, `place` is `door:ID` or `zone:ID`;
    times are wall times as `<input type="datetime-local">` sends them. `sought` is the name for
    which `people` were found."""

    subject: str = ""
    name: str = ""
    sought: str = ""
    place: str = ""
    starts_at: str = ""
    ends_at: str = ""
    schedule_id: str = ""
    needs_pin: str = ""
    first_person: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RightChoices:
    """What the form offers."""

    people: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    zones: tuple[Choice, ...]
    doors: tuple[Choice, ...]
    schedules: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A form that was read: columns, or what is wrong by field."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def right_line(grant: Grant, called: Called, words: Words) -> RightLine:
    """Give a right as a line."""
    who, path = _who(grant, called, words)
    place = called.places.get(grant.door_id or grant.zone_id or "", "")
    return RightLine(
        id=grant.id,
        who=who,
        who_path=path,
        place=place,
        when=when_of(grant, called, words),
        terms=_terms(grant, words),
        note=grant.note,
        chip=standing_of(grant, words),
        live=is_live(grant, words.now),
    )


def is_live(grant: Grant, now: datetime) -> bool:
    """Whether a right counts, or will."""
    over = grant.end_at is not None and grant.end_at <= now
    return grant.state is not EntryState.REVOKED and not over


def standing_of(grant: Grant, words: Words) -> Chip:
    """Say whether a right counts now."""
    t = words.t
    if grant.state is EntryState.REVOKED:
        return Chip("bad", "cross", t("granting.revoked"))
    if not is_live(grant, words.now):
        return Chip("wait", "clock", t("granting.over"))
    if grant.state is EntryState.BLOCKED:
        return Chip("bad", "cross", t("granting.blocked"))
    if grant.start_at is not None and grant.start_at > words.now:
        return Chip("wait", "clock", t("granting.ahead"))
    return Chip("good", "check", t("granting.counts"))


def when_of(grant: Grant, called: Called, words: Words) -> tuple[str, ...]:
    """Say when a right counts: by which schedule, from and until when, with the year."""
    t = words.t
    told = [called.schedules.get(grant.schedule_id or "", "") or t("rights.always")]
    for at, key in ((grant.start_at, "rights.from"), (grant.end_at, "rights.until")):
        if at is not None:
            told.append(t(key, time=f"{at.astimezone(words.zone):%Y-%m-%d %H:%M}"))
    return tuple(told)


def _who(grant: Grant, called: Called, words: Words) -> tuple[str, str]:
    t = words.t
    if grant.group_id:
        name = called.groups.get(grant.group_id, "")
        return t("granting.of_group", name=name), f"/rights/groups/{grant.group_id}"
    if grant.person_id:
        name = called.people.get(grant.person_id, "") or t("granting.somebody")
        return name, f"/cards/people/{grant.person_id}"
    return t("granting.of_card", name=called.cards.get(grant.card_id or "", "")), ""


def _terms(grant: Grant, words: Words) -> tuple[str, ...]:
    t = words.t
    told = []
    if grant.needs_pin:
        told.append(t("rights.with_pin"))
    if grant.first_person:
        told.append(t("granting.counts_first"))
    if grant.max_uses is not None:
        told.append(t("granting.uses", count=grant.max_uses))
    if grant.escorts:
        told.append(t("granting.escorted"))
    return tuple(told)


def read_right(form: RightForm, words: Words) -> Read:
    """Read a form."""
    t = words.t
    errors: dict[str, str] = {}
    who, _, subject_id = form.subject.partition(":")
    where, _, place_id = form.place.partition(":")
    if who not in ("person", "group") or not subject_id:
        errors["subject"] = t("granting.error.one_subject")
    if where not in ("door", "zone") or not place_id:
        errors["place"] = t("granting.error.one_place")
    times: dict[str, datetime | None] = {}
    for name in ("starts_at", "ends_at"):
        try:
            times[name] = instant_or_none(getattr(form, name), words)
        except ValueError:
            errors[name] = t("granting.error.not_a_time")
    for name, text in asdict(form).items():
        if "\x00" in text:
            errors[name] = t("granting.error.form")
    if errors:
        return Read(errors=errors)
    return Read(
        {
            **_NEW,
            "person_id": subject_id if who == "person" else None,
            "group_id": subject_id if who == "group" else None,
            "door_id": place_id if where == "door" else None,
            "zone_id": place_id if where == "zone" else None,
            "start_at": times["starts_at"],
            "end_at": times["ends_at"],
            "schedule_id": form.schedule_id or None,
            "needs_pin": form.needs_pin == "yes",
            "first_person": form.first_person == "yes",
            "note": form.note.strip(),
        }
    )


def instant_or_none(text: str, words: Words) -> datetime | None:
    """Read a wall time of the town, None for none; raise `ValueError`."""
    if not text:
        return None
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None or not 2000 <= wall.year < 2199:
        raise ValueError("a wall time of these centuries")
    return wall.replace(tzinfo=words.zone)


def refused(problem: Problem, words: Words) -> dict[str, str]:
    """What a service refused, by field of a form."""
    found = {}
    for each in problem.fields:
        name = each.field.removeprefix("body.")
        key = f"granting.error.{each.code}"
        text = words.t(key) if words.t.has(key) else words.t("granting.error.form")
        found[_FIELD_OF.get(name, name)] = text
    return found or {"form": words.t("granting.error.form")}
