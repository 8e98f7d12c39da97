"""How one gets out of a door, what it does without power, and when its contact was tested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.door_tests.domain import DoorTest, Standing
from hub.door_tests.service import Tests
from hub.pages.views.door import Chip
from hub.pages.views.entry import told_of_test
from hub.pages.words import Words
from hub.sites.clock_risks import ClockRisk
from hub.sites.domain import Door
from wire.policy_bodies import Assurance

_CHIPS = {
    Standing.NEVER: ("warn", "question"),
    Standing.PASSED: ("good", "check"),
    Standing.FAILED: ("bad", "alert"),
    Standing.OVERDUE: ("bad", "clock"),
}


@dataclass(frozen=True, slots=True)
class TestLine:
    """One test of the door's contact."""

    __test__ = False  # not one of pytest's

    chip: Chip
    when: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class DoorSafety:
    """The safety part of a door's page."""

    fail_mode: str
    fail_note: str
    egress: str
    button: str
    key_holder: str
    tested: Chip
    tested_when: str
    tests: tuple[TestLine, ...]
    may_test: bool
    clock_risks: tuple[str, ...] = ()
    lets_copies: bool = False
    """Whether it takes cards that anybody who was near them can copy."""


def door_safety(
    door: Door,
    tests: Tests,
    words: Words,
    *,
    may_test: bool,
    clock_risks: Iterable[ClockRisk] = (),
) -> DoorSafety:
    """Give what the page says; the latest test is red where it failed or is older than a year."""
    tone, icon = _CHIPS[tests.standing]
    latest = tests.found[0] if tests.found else None
    return DoorSafety(
        fail_mode=words.t(f"door.{door.fail}"),
        fail_note=words.t(f"egress.{door.fail}_note"),
        egress=door.egress,
        button=words.t("egress.button_yes" if door.rex is not None else "egress.button_no"),
        key_holder=door.key_holder,
        tested=Chip(tone, icon, words.t(f"door_test.{tests.standing}")),
        tested_when=_when(latest, words) if latest else "",
        tests=tuple(_line(each, words) for each in tests.found),
        may_test=may_test,
        clock_risks=tuple(words.t(f"clock_risk.{risk}") for risk in clock_risks),
        lets_copies=door.min_assurance is Assurance.IDENTIFIER,
    )


def _line(test: DoorTest, words: Words) -> TestLine:
    tone, icon = _CHIPS[Standing.PASSED if test.passed else Standing.FAILED]
    result, *causes = told_of_test(test.passed, test.cause, words)
    return TestLine(
        chip=Chip(tone, icon, result),
        when=_when(test, words),
        by=words.t(f"door_test.by_{test.told_by}"),
        detail=words.t("words.comma").join(filter(None, (*causes, test.note))),
    )


def _when(test: DoorTest, words: Words) -> str:
    """The day with its year, and how long ago: what counts of a yearly test."""
    day = words.day_of(test.tested_at)
    days = max((words.today - day).days, 0)
    return words.t("door_test.age", date=day.isoformat(), days=days)
