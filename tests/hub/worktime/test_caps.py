"""Caps to the minute: the month, the year, means of months, months above."""

from __future__ import annotations

import pytest

from hub.worktime.caps import cap_findings
from hub.worktime.domain import CapFinding, CapKind, CapLevel, CapType, Month, MonthTally
from tests.hub.worktime.november import STANDARD

HOUR = 60
ORDINARY, OTHER_LED = CapType.ORDINARY, CapType.OTHER_LED


def tally(
    month: Month, minutes: int, cap_type: CapType = OTHER_LED, average: int | None = None
) -> MonthTally:
    return MonthTally(month, cap_type, minutes, minutes if average is None else average)


def run(last: Month, *minutes: int, cap_type: CapType = OTHER_LED) -> tuple[CapFinding, ...]:
    """Judge months in a row, the last of which is `last`."""
    count = len(minutes)
    months = [tally(last.plus(n + 1 - count), each, cap_type) for n, each in enumerate(minutes)]
    return cap_findings(months[-1], months[:-1], STANDARD)


def of(findings: tuple[CapFinding, ...], kind: CapKind) -> list[tuple[int, int, int]]:
    return [(f.minutes, f.limit_min, f.months) for f in findings if f.kind is kind]


@pytest.mark.parametrize(
    ("cap_type", "minutes", "expected"),
    [
        (ORDINARY, 30 * HOUR - 1, []),
        (ORDINARY, 30 * HOUR, [(CapLevel.ALERT, 30 * HOUR)]),
        (ORDINARY, 40 * HOUR, [(CapLevel.ALERT, 40 * HOUR)]),
        (ORDINARY, 45 * HOUR, [(CapLevel.ALERT, 45 * HOUR)]),
        (ORDINARY, 45 * HOUR + 1, [(CapLevel.BREACH, 45 * HOUR)]),
        (OTHER_LED, 45 * HOUR + 1, [(CapLevel.ALERT, 45 * HOUR)]),
        (OTHER_LED, 100 * HOUR - 1, [(CapLevel.ALERT, 45 * HOUR)]),
        (OTHER_LED, 100 * HOUR, [(CapLevel.BREACH, 100 * HOUR)]),
    ],
)
def test_the_months_cap_and_its_alerts(
    cap_type: CapType, minutes: int, expected: list[tuple[CapLevel, int]]
) -> None:
    """45:00 is allowed and 45:01 is not; 99:59 is and 100:00 is not."""
    found = run(Month(2026, 4), minutes, cap_type=cap_type)
    assert [(f.level, f.limit_min) for f in found] == expected


def test_the_year_begins_in_april() -> None:
    """Exactly 360 hours are allowed; March belongs to the year before."""
    nine = [40 * HOUR] * 9
    assert of(run(Month(2026, 12), *nine, cap_type=ORDINARY), CapKind.YEAR) == []
    more = [*nine[:-1], 40 * HOUR + 1]
    assert of(run(Month(2026, 12), *more, cap_type=ORDINARY), CapKind.YEAR) == [
        (360 * HOUR + 1, 360 * HOUR, 9)
    ]
    assert of(run(Month(2026, 12), 45 * HOUR, *nine, cap_type=ORDINARY), CapKind.YEAR) == []


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("last", [Month(2026, 4), Month(2026, 8)])
def test_the_mean_of_each_window_is_eighty_hours(length: int, last: Month) -> None:
    """Over 31 March as well; a minute more is a breach of that window alone."""
    within = [0] * (6 - length) + [80 * HOUR] * length
    assert of(run(last, *within), CapKind.AVERAGE) == []
    beyond = [*within[:-1], 80 * HOUR + 1]
    lengths = [months for _, _, months in of(run(last, *beyond), CapKind.AVERAGE)]
    assert lengths == list(range(2, length + 1))
    first = [0] * (6 - length) + [80 * HOUR + 1] + [80 * HOUR] * (length - 1)
    assert of(run(last, *first), CapKind.AVERAGE) == [
        (80 * HOUR * length + 1, 80 * HOUR * length, length)
    ]


def test_windows_before_the_first_known_month_are_not_judged() -> None:
    """A month that is not there in between has no minutes."""
    assert of(run(Month(2026, 5), 99 * HOUR), CapKind.AVERAGE) == []
    gap = cap_findings(
        tally(Month(2026, 6), 99 * HOUR), [tally(Month(2026, 4), 99 * HOUR)], STANDARD
    )
    assert of(gap, CapKind.AVERAGE) == []
    three = cap_findings(
        tally(Month(2026, 6), 5_940, average=14_401), [tally(Month(2026, 4), 0)], STANDARD
    )
    assert of(three, CapKind.AVERAGE) == [(14_401, 9_600, 2), (14_401, 14_400, 3)]


def test_a_seventh_month_above_forty_five_hours() -> None:
    """45:00 is not above; the year before does not count."""
    above, not_above = 45 * HOUR + 1, 45 * HOUR
    six = [above] * 6
    assert of(run(Month(2026, 10), *six, not_above), CapKind.MONTHS_ABOVE) == []
    assert of(run(Month(2026, 10), *six, above), CapKind.MONTHS_ABOVE) == [(7, 6, 7)]
    assert of(run(Month(2026, 9), above, *six), CapKind.MONTHS_ABOVE) == []


def test_a_year_with_both_types_has_both_years() -> None:
    """720 hours for the whole; for the ordinary months alone 30 hours each."""
    before = [
        tally(Month(2026, 4), 30 * HOUR, ORDINARY),
        tally(Month(2026, 5), 31 * HOUR, ORDINARY),
    ]
    found = cap_findings(tally(Month(2026, 6), 90 * HOUR), before, STANDARD)
    assert of(found, CapKind.YEAR) == [(61 * HOUR, 60 * HOUR, 2)]
    even = cap_findings(
        tally(Month(2026, 6), 30 * HOUR, ORDINARY),
        [tally(Month(2026, 4), 99 * HOUR), tally(Month(2026, 5), 30 * HOUR, ORDINARY)],
        STANDARD,
    )
    assert of(even, CapKind.YEAR) == []


def test_history_may_come_in_any_order() -> None:
    """And what is later than the month is not looked at."""
    months = [tally(Month(2026, number), 50 * HOUR) for number in range(4, 12)]
    last = tally(Month(2026, 10), 50 * HOUR)
    forth = cap_findings(last, months, STANDARD)
    assert forth == cap_findings(last, months[::-1], STANDARD)
    assert of(forth, CapKind.MONTHS_ABOVE) == [(7, 6, 7)]
