"""How applications, inboxes and balances read. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from hub.applications.bodies import (
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    SwapBody,
    WorkBody,
    given_spans,
)
from hub.applications.domain import State
from hub.catalogue import Language
from hub.leave.domain import Amount, Kinds, LeaveKind, shown
from hub.pages.application_forms import clock_of
from hub.pages.words import Words
from hub.tabular.eras import era_day

TONE = {
    State.DRAFT: ("", "gear"),
    State.SUBMITTED: ("wait", "clock"),
    State.APPROVED: ("good", "check"),
    State.RETURNED: ("warn", "alert"),
    State.REJECTED: ("bad", "cross"),
    State.WITHDRAWN: ("", "cross"),
    State.CANCELLING: ("wait", "clock"),
    State.CANCELLED: ("", "cross"),
}


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """An application in a list."""

    id: str
    kind: str
    who: str
    department: str
    when: str
    era: str
    what: str
    reason: str
    state: str
    tone: str
    icon: str
    version: int
    step: int
    waited: str = ""
    for_whom: str = ""
    comment: str = ""
    cancels: bool = False
    warnings: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One entry of the trail."""

    when: str
    told: str
    who: str
    comment: str


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    """One application."""

    line: ApplicationLine
    pairs: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, bool], ...]
    trail: tuple[TrailLine, ...]
    version: str
    waits_for: str
    mine: bool
    may_decide: bool
    may: frozenset[str] = field(default_factory=frozenset)


def dated(day: date, words: Words) -> str:
    """`4月6日（月）`, with the year where it is another than today's."""
    told = words.day(day)
    return told if day.year == words.today.year else f"{day.year}/{told}"


def when_of(body: Body, words: Words) -> str:
    """The dates of a body."""
    match body:
        case WorkBody() | DutyBody() | PunchBody():
            return dated(body.work_date, words)
        case SwapBody():
            return f"{dated(body.worked_date, words)} ⇄ {dated(body.off_date, words)}"
        case LeaveBody() | AwayBody():
            first = dated(body.first, words)
            return first if body.first == body.last else f"{first} – {dated(body.last, words)}"


def era_of(body: Body, words: Words) -> str:
    """The first date in its era; nothing in English."""
    if words.t.language is Language.EN:
        return ""
    match body:
        case WorkBody() | DutyBody() | PunchBody():
            return era_day(body.work_date)
        case SwapBody():
            return f"{era_day(body.worked_date)}・{era_day(body.off_date)}"
        case LeaveBody() | AwayBody():
            first = era_day(body.first)
            return first if body.first == body.last else f"{first}–{era_day(body.last)}"


def what_of(body: Body, kinds: Kinds, words: Words) -> str:
    """What a body asks for, in a few words."""
    t = words.t
    spans = "・".join(f"{clock_of(each.start)}–{clock_of(each.end)}" for each in given_spans(body))
    match body:
        case LeaveBody():
            kind = kinds.get(body.leave_kind)
            name = leave_title(kind, words) if kind else body.leave_kind
            if body.part is LeavePart.DAY:
                return name
            part = t(f"application.leave_part.{body.part.value}")
            return f"{name} {part} {spans}".strip()
        case SwapBody():
            return t(f"application.swap_part.{body.part.value}")
        case AwayBody():
            return " ".join(each for each in (body.place, spans) if each)
        case PunchBody():
            time = "" if body.minute is None else clock_of(body.minute)
            way = t(f"application.direction.{body.direction.value}") if body.direction else ""
            return " ".join(
                each for each in (t(f"application.punch.{body.change.value}"), way, time) if each
            )
        case WorkBody() | DutyBody():
            return spans


@dataclass(frozen=True, slots=True)
class LeaveChoice:
    """A kind of leave in the form: `shown` is its title with what is left."""

    code: str
    title: str
    shown: str
    needs_reason: bool
    needs_evidence: bool


def leave_choice(code: str, kind: LeaveKind, left: str, words: Words) -> LeaveChoice:
    """Give a kind of leave as the form offers it."""
    title = leave_title(kind, words)
    shown_title = f"{title}（{left}）" if left else title
    return LeaveChoice(code, title, shown_title, kind.needs_reason, kind.needs_evidence)


def leave_title(kind: LeaveKind, words: Words) -> str:
    """A kind's name in the page's language."""
    if words.t.language is Language.EN:
        return kind.title_en
    return kind.title_easy if words.t.language is Language.EASY else kind.title


def amount_text(amount: Amount, kind: LeaveKind, words: Words) -> str:
    """`19日 1時間`, by the kind's own rule."""
    t, found = words.t, shown(amount, kind.day_min)
    parts: list[str] = []
    if found.days:
        parts.append(t("leave.days", days=found.days))
    if found.half:
        parts.append(t("leave.half"))
    if found.hours or found.minutes:
        parts.append(words.hours(found.hours * 60 + found.minutes))
    text = " ".join(parts) or t("leave.nothing")
    return t("leave.below", amount=text) if found.below else text
