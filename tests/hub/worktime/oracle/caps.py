"""The caps of a month, from its own minutes and those of the months before it."""

from __future__ import annotations

from fractions import Fraction

from hub.worktime.domain import CapFinding, CapKind, CapLevel, CapType, Month, MonthTally
from hub.worktime.ordinance import Cap, Ordinance

_NO_CAP = Cap()


def find_caps(
    tally: MonthTally, history: tuple[MonthTally, ...], ordinance: Ordinance
) -> list[CapFinding]:
    """Judge month, year, averages, and the number of months above, by the month's own type."""
    cap = ordinance.caps.get(tally.cap_type.value, _NO_CAP)
    known = [*history, tally]
    year = [one for one in known if one.month.fiscal_year == tally.month.fiscal_year]
    return [
        *_month(tally, cap),
        *_year(year, cap, ordinance),
        *_averages(tally.month, known, cap),
        *_months_above(year, cap),
    ]


def _month(tally: MonthTally, cap: Cap) -> list[CapFinding]:
    minutes = tally.cap_month_min
    if cap.month_min is not None:
        too_much = minutes >= cap.month_min if cap.month_below else minutes > cap.month_min
        if too_much:
            return [CapFinding(CapKind.MONTH, CapLevel.BREACH, minutes, cap.month_min)]
    reached = [threshold for threshold in cap.alerts_min if minutes >= threshold]
    if reached:
        return [CapFinding(CapKind.MONTH, CapLevel.ALERT, minutes, max(reached))]
    return []


def _year(year: list[MonthTally], cap: Cap, ordinance: Ordinance) -> list[CapFinding]:
    types = {one.cap_type for one in year}
    found = []
    limit = cap.year_min
    if len(types) == 2:
        limit = ordinance.caps.get(CapType.OTHER_LED.value, _NO_CAP).year_min
        ordinary = [one for one in year if one.cap_type is CapType.ORDINARY]
        allowed = ordinance.caps.get(CapType.ORDINARY.value, _NO_CAP).year_min
        minutes = sum(one.cap_month_min for one in ordinary)
        if allowed is not None and minutes > Fraction(allowed * len(ordinary), 12):
            share = allowed * len(ordinary) // 12
            found.append(CapFinding(CapKind.YEAR, CapLevel.BREACH, minutes, share, len(ordinary)))
    minutes = sum(one.cap_month_min for one in year)
    if limit is not None and minutes > limit:
        found.append(CapFinding(CapKind.YEAR, CapLevel.BREACH, minutes, limit, len(year)))
    return found


def _averages(month: Month, known: list[MonthTally], cap: Cap) -> list[CapFinding]:
    if cap.average_min is None:
        return []
    found = []
    for length in cap.average_months:
        window = [month.plus(-back) for back in range(length)]
        if min(window) < known[0].month:
            continue
        minutes = sum(one.cap_average_min for one in known if one.month in window)
        if minutes > cap.average_min * length:
            found.append(
                CapFinding(
                    CapKind.AVERAGE, CapLevel.BREACH, minutes, cap.average_min * length, length
                )
            )
    return found


def _months_above(year: list[MonthTally], cap: Cap) -> list[CapFinding]:
    if cap.months_above_min is None or cap.months_above_max is None:
        return []
    above = [one for one in year if one.cap_month_min > cap.months_above_min]
    if len(above) <= cap.months_above_max:
        return []
    return [
        CapFinding(
            CapKind.MONTHS_ABOVE,
            CapLevel.BREACH,
            len(above),
            cap.months_above_max,
            len(year),
        )
    ]
