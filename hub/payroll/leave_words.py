"""Leave as the attendance book tells it, on paper and in the workbook. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.catalogue import Language, Translator
from hub.payroll.cells import in_days, in_minutes
from hub.payroll.domain import DayRow, LeaveGroup, LeaveName, MonthRow
from hub.payroll.profile import MinuteForm
from hub.worktime.domain import ExplainedKind

_BY_NAME: Final = frozenset({ExplainedKind.LEAVE, ExplainedKind.UNPAID_LEAVE})


def leave_title(name: LeaveName, t: Translator) -> str:
    """Give a kind's name in the reader's language."""
    if t.language is Language.EN:
        return name.title_en
    return name.title_easy if t.language is Language.EASY else name.title


def leave_amount(half_days: int, minutes: int, t: Translator) -> str:
    """Write an amount of leave: `1.5日 2:00`; empty for none."""
    days = t("payroll.leave.days", count=in_days(half_days)) if half_days else ""
    hours = in_minutes(minutes, MinuteForm.BASE_60) if minutes else ""
    return " ".join(part for part in (days, hours) if part)


def away_notes(day: DayRow, t: Translator) -> list[str]:
    """Give why somebody was away or elsewhere on a day, leave by its kind and how much. Of a
    compensatory day a note of the day tells."""
    named = [
        f"{leave_title(each.name, t)} {leave_amount(each.half_days, each.minutes, t)}".rstrip()
        for each in day.leave
        if each.name.group is not LeaveGroup.COMPENSATORY
    ]
    others = [kind for kind in day.explained if not named or kind not in _BY_NAME]
    return [*named, *(t(f"worktime.explained.{kind}") for kind in others)]


def leave_lines(month: MonthRow, t: Translator) -> Iterator[tuple[str, str, str]]:
    """Give name, what was taken and what is left of each kind that was taken or may run out."""
    taken = {each.name: each for each in month.leave}
    left = {each.name: each for each in month.leave_left}
    for name in dict.fromkeys((*left, *taken)):
        amounts = [
            leave_amount(each.half_days, each.minutes, t) if each is not None else ""
            for each in (taken.get(name), left.get(name))
        ]
        rest = amounts[1] or (t("payroll.leave.days", count="0") if name in left else "")
        yield leave_title(name, t), amounts[0], rest
