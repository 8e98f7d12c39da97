"""People who are not staff, as a list and one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.domain import Group, Person
from wire.policy_bodies import EntryState

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OutsiderLine:
    """Somebody in the list."""

    id: str
    name: str
    organisation: str
    span: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group, and whether they are in it."""

    id: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class OutsiderForm:
    """What is typed of somebody; dates as forms know them, the last day included."""

    name: str = ""
    kana: str = ""
    organisation: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class OutsiderPage:
    """Somebody, and what lets them in."""

    id: str
    name: str
    chip: Chip
    span: str
    form: OutsiderForm
    groups: tuple[GroupChoice, ...]
    held: tuple[str, ...]
    ended: bool
    may_write: bool


def line_of(person: Person, words: Words) -> OutsiderLine:
    """Give somebody as a line."""
    return OutsiderLine(
        person.id,
        words.name(person.name, person.name_en),
        person.organisation,
        span_of(person, words),
        standing_of(person, words),
    )


def standing_of(person: Person, words: Words) -> Chip:
    """Say whether somebody is let in now."""
    t = words.t
    if person.state is not EntryState.ACTIVE:
        return Chip("bad", "cross", t("outsiders.blocked"))
    if has_ended(person, words.now):
        return Chip("wait", "clock", t("outsiders.over"))
    if person.starts_at is not None and person.starts_at > words.now:
        return Chip("wait", "clock", t("outsiders.ahead"))
    return Chip("good", "check", t("outsiders.within"))


def has_ended(person: Person, now: datetime) -> bool:
    """Whether somebody's time is over."""
    return person.ends_at is not None and person.ends_at <= now


def span_of(person: Person, words: Words) -> str:
    """Say from when until when somebody is let in, with the year; an end at midnight as the day
    before, which is the last."""
    told = []
    if person.starts_at is not None:
        told.append(words.t("outsiders.from", time=_written(person.starts_at, words)))
    if person.ends_at is not None:
        midnight = person.ends_at.astimezone(words.zone).time() == time()
        last = person.ends_at - _DAY if midnight else person.ends_at
        told.append(words.t("outsiders.until", time=_written(last, words, day_only=midnight)))
    return " ".join(told) or words.t("outsiders.no_end")


def _written(at: datetime, words: Words, *, day_only: bool = False) -> str:
    local = at.astimezone(words.zone)
    if day_only or local.time() == time():
        return local.date().isoformat()
    return f"{local:%Y-%m-%d %H:%M}"


def form_of(person: Person, words: Words) -> OutsiderForm:
    """Give what stands in the form."""
    start, end = person.starts_at, person.ends_at
    last = (end - timedelta(microseconds=1)).astimezone(words.zone).date() if end else None
    return OutsiderForm(
        person.name,
        person.name_kana,
        person.organisation,
        start.astimezone(words.zone).date().isoformat() if start else "",
        last.isoformat() if last else "",
    )


def choices(
    groups: Sequence[Group], chosen: Collection[str], words: Words
) -> tuple[GroupChoice, ...]:
    """Give every group."""
    return tuple(
        GroupChoice(each.id, words.name(each.name, each.name_en), each.id in chosen)
        for each in groups
    )


def begin_of(day: date, words: Words) -> datetime:
    """The beginning of a day in the town."""
    return datetime.combine(day, time(), words.zone)


def end_of(day: date, words: Words) -> datetime:
    """The end of a last day: the beginning of the next."""
    return begin_of(day + _DAY, words)
