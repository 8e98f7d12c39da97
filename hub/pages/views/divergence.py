"""Divergences, waiting punches, and caps as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.attendance.domain import Punch
from hub.pages.views.attendance import APPLY_FOR_PUNCH
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.timesheets.alert_domain import AlertLevel, CapAlert, SpecialWork
from hub.timesheets.alert_service import PersonOutlook
from hub.timesheets.divergence_domain import (
    BY_JUDGE,
    STEPS,
    Act,
    Divergence,
    DivergenceState,
    DivergenceStep,
    ProbableCause,
)
from hub.timesheets.divergence_service import DivergenceSheet
from hub.worktime.domain import CapKind

_LOOKS = {
    DivergenceState.OPEN: ("warn", "question"),
    DivergenceState.EXPLAINED: ("wait", "person"),
    DivergenceState.INVESTIGATING: ("wait", "clock"),
    DivergenceState.CORRECTED: ("good", "check"),
    DivergenceState.ACCEPTED: ("good", "check"),
    DivergenceState.REFUSED: ("bad", "cross"),
}


@dataclass(frozen=True, slots=True)
class DivergenceLine:
    """A divergence in a list."""

    id: str
    person: str
    day: str
    what: str
    minutes: str
    cause: str
    reason: str
    chip: Chip
    is_own: bool


@dataclass(frozen=True, slots=True)
class TrailLine:
    """A step of a trail."""

    when: str
    who: str
    what: str
    note: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DivergencePage:
    """A divergence with its trail, and what the reader may do about it. `held_up`: that a card did
    not count on that day; `apply`: where its owner applies for the punch."""

    line: DivergenceLine
    trail: tuple[TrailLine, ...]
    acts: tuple[str, ...]
    day_path: str
    held_up: str
    apply: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A punch whose time waits for a person's word."""

    id: int
    person: str
    shown: str
    shown_value: str
    direction: str
    received: str
    why: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert about a cap."""

    id: str
    person: str
    text: str
    chip: Chip
    when: str
    seen: str
    may_record: bool


@dataclass(frozen=True, slots=True)
class OutlookLine:
    """What somebody's month will come to; widths in per cent of the bar."""

    person: str
    counted: str
    pace: str
    ordered: str
    limit: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class SpecialLine:
    """Work beyond a cap."""

    id: str
    person: str
    month: str
    amount: str
    cause: str
    analysis: str


def divergence_line(
    each: Divergence, names: Mapping[str, str], words: Words, person_id: str | None
) -> DivergenceLine:
    """Give one in a list."""
    tone, icon = _LOOKS[each.state]
    cause = "" if each.cause is ProbableCause.NONE else words.t(f"divergence.cause.{each.cause}")
    return DivergenceLine(
        id=each.id,
        person=names.get(each.person_id, ""),
        day=words.day(each.work_date),
        what=words.t(f"divergence.kind.{each.kind}"),
        minutes=words.hours(each.minutes) if each.minutes else "",
        cause=cause,
        reason=each.reason,
        chip=Chip(tone, icon, words.t(f"divergence.state.{each.state}")),
        is_own=each.person_id == person_id,
    )


def divergence_page(
    sheet: DivergenceSheet,
    names: Mapping[str, str],
    users: Mapping[str, str],
    words: Words,
    person_id: str | None,
) -> DivergencePage:
    """Give one with its trail."""
    found = sheet.divergence
    allowed = BY_JUDGE if sheet.may_judge else frozenset({Act.EXPLAIN} if sheet.is_own else ())
    acts = tuple(act.value for act in Act if act in allowed and (found.state, act) in STEPS)
    times = words.t("words.comma").join(words.time(each) for each in sheet.held_up)
    day = found.work_date.isoformat()
    return DivergencePage(
        line=divergence_line(found, names, words, person_id),
        trail=tuple(_step(each, users, words) for each in sheet.steps),
        acts=acts,
        day_path=f"/attendance?day={day}",
        held_up=words.t("divergence.held_up", times=times) if times else "",
        apply=f"{APPLY_FOR_PUNCH}&date={day}" if times and sheet.is_own else "",
    )


def _step(step: DivergenceStep, users: Mapping[str, str], words: Words) -> TrailLine:
    return TrailLine(
        when=words.date_time(step.at),
        who=users.get(step.actor) or words.t("divergence.by_hub"),
        what=words.t(f"divergence.act.{step.act or 'found'}"),
        note=step.note,
        links=tuple(_link(each, words) for each in step.links),
    )


def _link(record: str, words: Words) -> str:
    kind = record.partition(":")[0]
    key = f"divergence.record.{kind}"
    return words.t(key if words.t.has(key) else "divergence.record.other")


def waiting_line(punch: Punch, names: Mapping[str, str], words: Words) -> WaitingLine:
    """Give a punch that waits."""
    local = punch.corrected_at.astimezone(words.zone)
    return WaitingLine(
        id=punch.id,
        person=names.get(punch.person_id, ""),
        shown=words.date_time(punch.corrected_at),
        shown_value=f"{local:%Y-%m-%dT%H:%M}",
        direction=words.t(f"direction.{punch.direction}"),
        received=words.date_time(punch.received_at),
        why=words.t("punch_note.clock_ahead" if punch.trusted else "punch_note.clock_untrusted"),
    )


def alert_line(
    alert: CapAlert,
    names: Mapping[str, str],
    words: Words,
    *,
    recorded: bool,
    may_write: bool,
) -> AlertLine:
    """Give an alert."""
    tone = {AlertLevel.FORECAST: "wait", AlertLevel.ALERT: "warn", AlertLevel.BREACH: "bad"}
    what, limit = str(alert.minutes), str(alert.limit_min)
    if alert.kind is not CapKind.MONTHS_ABOVE:
        what, limit = words.clock(alert.minutes), words.clock(alert.limit_min)
    text = words.t(f"cap.kind.{alert.kind}", what=what, limit=limit, months=alert.months)
    breach = alert.level is AlertLevel.BREACH
    return AlertLine(
        id=alert.id,
        person=names.get(alert.person_id, ""),
        text=text,
        chip=Chip(tone[alert.level], "bell", words.t(f"cap.level.{alert.level}")),
        when=words.date_time(alert.raised_at),
        seen=words.date_time(alert.seen_at) if alert.seen_at else "",
        may_record=breach and may_write and not recorded,
    )


def outlook_line(found: PersonOutlook, names: Mapping[str, str], words: Words) -> OutlookLine:
    """Give what a month will come to."""
    seen = found.outlook
    chip = None
    if seen.limit_min is not None and seen.projected_min > seen.limit_min:
        over = seen.counted_min > seen.limit_min
        level = AlertLevel.BREACH if over else AlertLevel.FORECAST
        chip = Chip("bad" if over else "warn", "alert", words.t(f"cap.level.{level}"))
    return OutlookLine(
        person=names.get(seen.person_id, ""),
        counted=words.clock(seen.counted_min),
        pace="" if seen.pace_min is None else words.clock(seen.pace_min),
        ordered="" if seen.ordered_min is None else words.clock(seen.ordered_min),
        limit="" if seen.limit_min is None else words.clock(seen.limit_min),
        chip=chip,
    )


def special_line(
    made: SpecialWork, names: Mapping[str, str], words: Words, month: str
) -> SpecialLine:
    """Give a record of work beyond a cap."""
    return SpecialLine(
        id=made.id,
        person=names.get(made.person_id, ""),
        month=month,
        amount=words.clock(made.minutes),
        cause=made.cause,
        analysis=made.analysis,
    )
