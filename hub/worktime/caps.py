"""Caps on a month, a fiscal year, means of months, and how many months may be long.

docs/attendance-rules.md, "Caps". Hours carry over on transfer: each month has the cap type of its
last day of employment, and its minutes stay the person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.worktime.domain import CapFinding, CapKind, CapLevel, CapType, MonthTally
from hub.worktime.ordinance import Cap, Ordinance

_MONTHS_A_YEAR = 12


def cap_findings(
    tally: MonthTally, history: Sequence[MonthTally], ordinance: Ordinance
) -> tuple[CapFinding, ...]:
    """Give the caps that a month meets or is near. `history`: the months before it, in any order;
    a month between the first known one and this that is not there has no minutes."""
    known = sorted((past for past in history if past.month < tally.month), key=lambda t: t.month)
    months = [*known, tally]
    cap = ordinance.caps.get(tally.cap_type, Cap())
    year = [past for past in months if past.month.fiscal_year == tally.month.fiscal_year]
    return (
        *_month(tally, cap),
        *_year(year, ordinance),
        *_averages(months, cap),
        *_months_above(year, cap),
    )


def _month(tally: MonthTally, cap: Cap) -> Iterator[CapFinding]:
    minutes, limit = tally.cap_month_min, cap.month_min
    if limit is not None and (minutes > limit or (cap.month_below and minutes == limit)):
        yield CapFinding(CapKind.MONTH, CapLevel.BREACH, minutes, limit)
        return
    reached = [alert for alert in cap.alerts_min if alert <= minutes]
    if reached:
        yield CapFinding(CapKind.MONTH, CapLevel.ALERT, minutes, max(reached))


def _year(year: Sequence[MonthTally], ordinance: Ordinance) -> Iterator[CapFinding]:
    """The year's cap. In a year with both types the other-led one holds for the whole, and the
    ordinary months alone may hold a twelfth of the ordinary one each."""
    types = {past.cap_type for past in year}
    whole = CapType.OTHER_LED if CapType.OTHER_LED in types else CapType.ORDINARY
    yield from _year_breach(year, ordinance.caps.get(whole, Cap()).year_min, _MONTHS_A_YEAR)
    if len(types) > 1:
        alone = [past for past in year if past.cap_type is CapType.ORDINARY]
        limit = ordinance.caps.get(CapType.ORDINARY, Cap()).year_min
        yield from _year_breach(alone, limit, len(alone))


def _year_breach(
    months: Sequence[MonthTally], year_min: int | None, twelfths: int
) -> Iterator[CapFinding]:
    minutes = sum(past.cap_month_min for past in months)
    if year_min is not None and minutes * _MONTHS_A_YEAR > year_min * twelfths:
        limit = year_min * twelfths // _MONTHS_A_YEAR
        yield CapFinding(CapKind.YEAR, CapLevel.BREACH, minutes, limit, len(months))


def _averages(months: Sequence[MonthTally], cap: Cap) -> Iterator[CapFinding]:
    if cap.average_min is None:
        return
    by_month = {past.month: past.cap_average_min for past in months}
    last = months[-1].month
    for length in cap.average_months:
        window = [last.plus(-back) for back in range(length)]
        if window[-1] < months[0].month:
            continue
        minutes = sum(by_month.get(month, 0) for month in window)
        limit = cap.average_min * length
        if minutes > limit:
            yield CapFinding(CapKind.AVERAGE, CapLevel.BREACH, minutes, limit, length)


def _months_above(year: Sequence[MonthTally], cap: Cap) -> Iterator[CapFinding]:
    if cap.months_above_min is None or cap.months_above_max is None:
        return
    above = sum(past.cap_month_min > cap.months_above_min for past in year)
    if above > cap.months_above_max:
        yield CapFinding(
            CapKind.MONTHS_ABOVE, CapLevel.BREACH, above, cap.months_above_max, len(year)
        )
