"""Closings as people read them: overview, a department, adjustments, one's own month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.timesheets.closing_domain import (
    AdjustmentState,
    Blocker,
    BlockerKind,
    DepartmentClosing,
    MonthAdjustment,
)
from hub.timesheets.closing_sheets import AdjustmentSigning, DepartmentLine, DepartmentSheet
from hub.timesheets.figures import Amount, Figures, Line
from hub.worktime.domain import Month, PayClass

_EXPLAINED = "explained."
_EACH_ABSENCE_MAX = 3
"""So many absences of one person stand one by one; more are one line with their number."""


@dataclass(frozen=True, slots=True)
class BlockerLine:
    """One thing in the way, or somebody's many absences, with the page that deals with it. `anchor`
    stands at the first of each kind alone."""

    anchor: str
    text: str
    person: str
    person_path: str
    day: str
    day_path: str
    path: str


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """A department in the overview."""

    path: str
    code: str
    name: str
    signed: str
    head: str
    chip: Chip
    blockers: tuple[tuple[str, str], ...]
    adjustments: int


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """An adjustment: whose, of which month, what changes and why."""

    id: str
    path: str
    person: str
    month: str
    month_path: str
    dates: tuple[tuple[str, str], ...]
    chip: Chip
    causes: str
    changes: tuple[tuple[str, str], ...]
    found: str
    signed: str
    remark: str
    may_sign: bool
    signer: str


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One closing of a month, and whether it was opened again."""

    number: int
    when: str
    who: str
    cause: str
    overridden: int
    reopened: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PersonSigned:
    """Somebody of a department, with their month, and whether they have signed it."""

    name: str
    path: str
    signed: bool


@dataclass(frozen=True, slots=True)
class ClosingPage:
    """A department's month."""

    path: str
    name: str
    month: str
    month_value: str
    chip: Chip
    people: tuple[PersonSigned, ...]
    signed: str
    head_signed: bool
    fingerprint: str
    blockers: tuple[BlockerLine, ...]
    in_the_way: int
    never: bool
    adjustments: tuple[AdjustmentLine, ...]
    rounds: tuple[RoundLine, ...]
    is_open: bool
    may_sign: bool
    may_close: bool


def month_words(month: Month | str, words: Words) -> str:
    """`令和8年4月（2026年4月）`."""
    text = str(month)
    return words.form_month(Month(int(text[:4]), int(text[5:7])).first)


def closing_line(line: DepartmentLine, words: Words) -> ClosingLine:
    """Give a department's line."""
    head = "closing.signed" if line.head_signed else "closing.not_signed"
    return ClosingLine(
        path=f"/closing/{line.month}/{line.unit.id}",
        code=line.unit.code,
        name=words.name(line.unit.name, line.unit.name_en),
        signed=words.t("closing.count_of", count=line.signed, people=line.people),
        head=words.t(head),
        chip=_state(
            words, closing=line.closing, blockers=sum(line.blockers.values()), kinds=line.blockers
        ),
        blockers=tuple(
            (
                f"/closing/{line.month}/{line.unit.id}#b-{kind}",
                words.t("closing.blocker_count", what=words.t(f"blocker.{kind}"), count=count),
            )
            for kind, count in sorted(line.blockers.items(), key=lambda one: -one[1])
        ),
        adjustments=line.adjustments,
    )


def closing_page(
    sheet: DepartmentSheet,
    names: Mapping[str, str],
    users: Mapping[str, str],
    words: Words,
    signing: Mapping[str, AdjustmentSigning],
    *,
    may_sign: bool,
    may_close: bool,
) -> ClosingPage:
    """Give a department's page; `names` are in the order in which people are listed."""
    seen = sheet.open
    order = {person_id: number for number, person_id in enumerate(names)}
    found = seen.blockers if seen else ()
    blockers = sorted(found, key=lambda each: order.get(each.person_id or "", -1))
    signed = {each.person_id: each.signed for each in (seen.people if seen else ())}
    if seen is None:
        signed = {each.person_id: True for each in sheet.closed}
    people = [
        PersonSigned(
            names.get(each, ""), f"/attendance/people/{each}?month={sheet.month}", signed[each]
        )
        for each in sorted(signed, key=lambda one: (signed[one], order.get(one, len(order))))
    ]
    kinds = {each.kind: 1 for each in blockers}
    return ClosingPage(
        path=f"/closing/{sheet.month}/{sheet.unit.id}",
        name=words.name(sheet.unit.name, sheet.unit.name_en),
        month=month_words(sheet.month, words),
        month_value=str(sheet.month),
        chip=_state(words, closing=sheet.closing, blockers=len(blockers), kinds=kinds),
        people=tuple(people),
        signed=words.t("closing.count_of", count=sum(signed.values()), people=len(people)),
        head_signed=seen.head_signed if seen else True,
        fingerprint=seen.fingerprint if seen else "",
        blockers=blocker_lines(blockers, sheet.month, names, words),
        in_the_way=len(blockers),
        never=BlockerKind.MONTH_NOT_OVER in kinds,
        adjustments=tuple(
            adjustment_line(each, names, users, words, signing[each.id])
            for each in sheet.adjustments
        ),
        rounds=tuple(_round(each, users, words) for each in sheet.rounds),
        is_open=sheet.closing is None,
        may_sign=may_sign and seen is not None and bool(people),
        may_close=may_close,
    )


def blocker_lines(
    blockers: Sequence[Blocker], month: Month, names: Mapping[str, str], words: Words
) -> tuple[BlockerLine, ...]:
    """Give what is in the way, in the order of `blockers`; who was absent on many dates has one
    line for them, which leads to their month."""
    absences = Counter(one.person_id for one in blockers if one.kind is BlockerKind.ABSENT)
    lines: list[BlockerLine] = []
    kinds: set[BlockerKind] = set()
    grouped: set[str] = set()
    for each in blockers:
        anchor = "" if each.kind in kinds else f"b-{each.kind.value}"
        kinds.add(each.kind)
        line = _blocker_line(each, anchor, month, names, words)
        count = absences[each.person_id] if each.kind is BlockerKind.ABSENT else 0
        if count > _EACH_ABSENCE_MAX:
            if each.person_id in grouped:
                continue
            grouped.add(each.person_id)
            days, path = words.t("closing.days_count", count=count), line.person_path
            line = replace(line, path=path, day=days, day_path=path)
        lines.append(line)
    return tuple(lines)


def _blocker_line(
    blocker: Blocker, anchor: str, month: Month, names: Mapping[str, str], words: Words
) -> BlockerLine:
    """One thing in the way, with the person's month and the date beside what it is."""
    person, day = f"/attendance/people/{blocker.person_id}", blocker.work_date
    return BlockerLine(
        anchor=anchor,
        text=words.t(f"blocker.{blocker.kind}"),
        person=names.get(blocker.person_id, ""),
        person_path=f"{person}?month={month}" if blocker.person_id else "",
        day=words.day(day) if day else "",
        day_path=f"{person}/{day.isoformat()}" if day and blocker.person_id else "",
        path=blocker.path,
    )


def adjustment_line(
    made: MonthAdjustment,
    names: Mapping[str, str],
    users: Mapping[str, str],
    words: Words,
    signing: AdjustmentSigning,
) -> AdjustmentLine:
    """Give an adjustment's line; to whoever may not sign it, it says who does."""
    state, may_sign = made.state, signing.may_sign
    waits = state is AdjustmentState.OPEN and not may_sign
    who_signs = signers(signing.heads, names, words)
    months = f"/attendance/people/{made.person_id}"
    tone, icon = _ADJUSTMENT_LOOKS[state]
    text = words.t(f"adjustment.state.{state}")
    if made.carried_into is not None:
        text = words.t("adjustment.carried_into", month=month_words(made.carried_into, words))
    signed = ""
    if made.signed_at is not None:
        who = users.get(made.signed_by or "", "")
        signed = words.t("closing.by_at", who=who, time=words.date_time(made.signed_at))
    return AdjustmentLine(
        id=made.id,
        path=f"/closing/adjustments/{made.id}",
        person=names.get(made.person_id, ""),
        month=month_words(made.month, words),
        month_path=f"{months}?month={made.month}",
        dates=tuple((f"{months}/{day.isoformat()}", words.day(day)) for day in made.work_dates),
        chip=Chip(tone, icon, text),
        causes=words.t("words.comma").join(words.t(f"adjustment.cause.{c}") for c in made.causes),
        changes=change_lines(made.figures, words),
        found=words.date_time(made.found_at),
        signed=signed,
        remark=made.remark,
        may_sign=may_sign and state is AdjustmentState.OPEN,
        signer=words.t("adjustment.signer", who=who_signs) if waits else "",
    )


def signers(heads: Iterable[str], names: Mapping[str, str], words: Words) -> str:
    """Who signs: the heads by name, else personnel."""
    named = [names[each] for each in heads if each in names]
    return words.t("words.comma").join([*named, words.t("closing.personnel")])


_ADJUSTMENT_LOOKS = {
    AdjustmentState.OPEN: ("warn", "alert"),
    AdjustmentState.SIGNED: ("wait", "clock"),
    AdjustmentState.CARRIED: ("good", "check"),
    AdjustmentState.WITHDRAWN: ("", "cross"),
}
_SHOWN = ("regular_min", "missing_min", "days_worked")


def figure_lines(figures: Figures, words: Words) -> tuple[tuple[str, str], ...]:
    """Give a month's figures to whoever signs it: days and regular hours, what is paid beyond them
    as it is paid and as it was, leave and absence by kind, and what is missing."""
    counted = figures.counters
    away = [
        (words.t(f"worktime.explained.{name.removeprefix(_EXPLAINED)}"), words.clock(minutes))
        for name, minutes in counted.items()
        if name.startswith(_EXPLAINED)
    ]
    return (
        (words.t("pay_line.days_worked"), str(counted.get("days_worked", 0))),
        (words.t("pay_line.regular_min"), words.clock(counted.get("regular_min", 0))),
        *(
            (_line_name(line, words), _line_minutes(amount, words))
            for line, amount in sorted(figures.lines.items(), key=_in_order)
        ),
        *away,
        (words.t("pay_line.missing_min"), words.clock(counted.get("missing_min", 0))),
    )


def _in_order(found: tuple[Line, Amount]) -> tuple[int, bool, int, bool]:
    """Classes in the order in which ordinances name them, a day's before a night's."""
    line = found[0]
    order = list(PayClass).index(line.bucket.pay_class)
    return order, line.bucket.night, line.percent, not line.paid


def _line_name(line: Line, words: Words) -> str:
    name = words.t(f"pay_line.{line.bucket.pay_class}")
    night = words.t("pay_line.night") if line.bucket.night else ""
    key = "pay_line.at" if line.paid else "pay_line.recorded"
    return words.t(key, name=f"{name}{night}", percent=line.percent)


def _line_minutes(amount: Amount, words: Words) -> str:
    paid, raw = words.clock(amount.rounded_min), words.clock(amount.raw_min)
    return words.t("pay_line.minutes", paid=paid, raw=raw)


def change_lines(figures: Figures, words: Words) -> tuple[tuple[str, str], ...]:
    """Give what figures change: name and signed amount, pay classes first."""
    lines = []
    for line, amount in sorted(figures.lines.items(), key=_in_order):
        paid, raw = _signed(amount.rounded_min, words), _signed(amount.raw_min, words)
        lines.append((_line_name(line, words), words.t("pay_line.minutes", paid=paid, raw=raw)))
    for name in _SHOWN:
        count = figures.counters.get(name, 0)
        if count:
            shown = f"{count:+d}" if name == "days_worked" else _signed(count, words)
            lines.append((words.t(f"pay_line.{name}"), shown))
    return tuple(lines)


def _signed(minutes: int, words: Words) -> str:
    sign = "−" if minutes < 0 else "+"
    return f"{sign}{words.clock(abs(minutes))}"


def _round(closing: DepartmentClosing, users: Mapping[str, str], words: Words) -> RoundLine:
    reopened = ""
    if closing.reopened_at is not None:
        who = users.get(closing.reopened_by or "", "")
        time = words.date_time(closing.reopened_at)
        reopened = words.t("closing.reopened_by", who=who, time=time, cause=closing.reopened_cause)
    return RoundLine(
        number=closing.round,
        when=words.date_time(closing.closed_at),
        who=users.get(closing.closed_by, ""),
        cause=closing.cause,
        overridden=len(closing.overridden),
        reopened=reopened,
        fingerprint=closing.fingerprint[:16],
    )


def _state(
    words: Words,
    *,
    closing: DepartmentClosing | None,
    blockers: int,
    kinds: Mapping[BlockerKind, int],
) -> Chip:
    if closing is not None:
        return Chip("good", "lock", words.t("closing.closed"))
    if not blockers:
        return Chip("wait", "check", words.t("closing.ready"))
    if BlockerKind.MONTH_NOT_OVER in kinds:
        return Chip("", "clock", words.t("closing.running"))
    return Chip("warn", "alert", words.t("closing.blocked", count=blockers))
