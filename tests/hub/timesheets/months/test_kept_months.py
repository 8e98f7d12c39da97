"""Kept months: reckoned once, anew when something is written, and always to the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hub.attendance.tables import touched_spans
from hub.attendance.touched import oldest_spans
from hub.staff.domain import DepartmentTerm
from hub.timesheets import fingerprints, reckoner, repository
from hub.timesheets.domain import MonthSheet
from hub.timesheets.kept import from_text, to_text
from hub.timesheets.tables import timesheet_months
from hub.web.rights import Principal
from hub.worktime.domain import (
    Bucket,
    CapType,
    DayKind,
    DayNote,
    Month,
    PayClass,
)
from hub.worktime.ordinance import Ordinances
from wire.events import PunchDirection

HANAKO, TARO = "p-hanako", "p-taro"
BRANCH = "d-branch"
APRIL, MARCH, MAY = Month(2026, 4), Month(2026, 3), Month(2026, 5)
MONDAY = date(2026, 4, 6)
OVERTIME = Bucket(PayClass.OVERTIME)


def one(office: Any, who: Principal, month: Month = APRIL, person: str = HANAKO) -> MonthSheet:
    (sheet,) = office.service.month(who, month, person_id=person)
    return sheet  # type: ignore[no-any-return]


def test_a_month_is_reckoned_from_punches_plans_and_orders(
    office: Any, personnel: Principal
) -> None:
    """Monday 08:30 to 19:15 with an order until 19:15: 7 h 45 regular, two hours of overtime."""
    office.employ(HANAKO)
    office.worked(HANAKO, MONDAY, 510, 1155)
    office.order(HANAKO, MONDAY, 1035, 1155)
    office.clock.advance(timedelta(days=30))
    sheet = one(office, personnel)
    day = sheet.result.days[5]
    assert (day.regular_min, day.extra_min, day.missing_min) == (465, 0, 0)
    assert sheet.result.totals[OVERTIME].raw_min == 120
    assert sheet.result.days[6].notes == (DayNote.ABSENT,)


def test_reading_again_reckons_nothing(
    office: Any, personnel: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer is the kept one, and equals the first to the last number."""
    office.employ(HANAKO)
    office.worked(HANAKO, MONDAY)
    first = one(office, personnel)
    monkeypatch.setattr(reckoner, "reckon_month", _nobody)
    assert one(office, personnel) == first


def test_a_punch_makes_its_month_stale_and_no_other(
    office: Any, personnel: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a punch of Hanako, Taro's month stands as it is kept."""
    office.employ(HANAKO)
    office.employ(TARO)
    office.worked(HANAKO, MONDAY)
    office.worked(TARO, MONDAY)
    office.clock.advance(timedelta(days=10))
    before = {sheet.person.id: sheet for sheet in office.service.month(personnel, APRIL)}
    office.worked(HANAKO, MONDAY + timedelta(days=1))
    reckoned = _counted(monkeypatch)
    after = {sheet.person.id: sheet for sheet in office.service.month(personnel, APRIL)}
    assert reckoned == [HANAKO]
    assert after[TARO] == before[TARO]
    assert after[HANAKO].result.days[6].regular_min == 465


def test_reckoning_everything_anew_gives_the_same_fingerprints_and_texts(
    office: Any, personnel: Principal
) -> None:
    """All that is kept is thrown away, and made again from the facts: byte for byte the same."""
    office.employ(HANAKO)
    for number in range(5):
        office.worked(HANAKO, MONDAY + timedelta(days=number), 500 + number, 1100 + number)
    office.order(HANAKO, MONDAY, 1035, 1090)
    office.clock.advance(timedelta(days=30))
    first = one(office, personnel)
    office.hub.core.db.write(lambda scope: scope.delete(timesheet_months, sa.true()))
    again = one(office, personnel)
    assert again.fingerprint == first.fingerprint
    assert to_text(again.result) == to_text(first.result)
    assert from_text(to_text(first.result)) == first.result


def test_a_change_that_changes_nothing_keeps_the_result_and_clears_the_mark(
    office: Any, personnel: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark without a change: the fingerprint is the same, and nothing is reckoned."""
    office.employ(HANAKO)
    office.worked(HANAKO, MONDAY)
    first = one(office, personnel)
    office.punch(HANAKO, MONDAY, 510, PunchDirection.IN)  # the same minute once more: a duplicate
    reckoned = _counted(monkeypatch)
    second = one(office, personnel)
    assert reckoned == []
    assert second.fingerprint == first.fingerprint
    with office.hub.core.db.read() as scope:
        assert repository.waiting(scope, 10) == ()


def test_a_late_punch_of_march_reaches_the_caps_of_april(office: Any, personnel: Principal) -> None:
    """April's five months back hold March: what March comes to is in April's history."""
    office.employ(HANAKO)
    office.worked(HANAKO, date(2026, 3, 2))
    office.clock.advance(timedelta(days=30))
    before = one(office, personnel)
    office.worked(HANAKO, date(2026, 3, 10), 510, 1155)
    office.order(HANAKO, date(2026, 3, 10), 1035, 1155)
    after = one(office, personnel)
    assert after.fingerprint != before.fingerprint
    tally = one(office, personnel, MARCH).result.tally
    assert tally is not None
    assert tally.cap_month_min == 120


def test_a_shift_over_midnight_of_a_months_end_belongs_to_the_month_it_began_in(
    office: Any, personnel: Principal
) -> None:
    """30 April 13:00 to 1 May 02:00, ordered from 17:15: April's minutes, by night from 22:00."""
    office.employ(HANAKO)
    last = date(2026, 4, 30)
    office.worked(HANAKO, last, 780, 1560)
    office.order(HANAKO, last, 1035, 1560)
    office.clock.advance(timedelta(days=40))
    totals = one(office, personnel).result.totals
    night = sum(total.raw_min for bucket, total in totals.items() if bucket.night)
    assert (totals[OVERTIME].raw_min, night) == (285, 240)
    assert one(office, personnel, MAY).result.totals == {}


def test_who_is_in_counts_as_unfinished_once_the_shift_can_last_no_longer(
    office: Any, personnel: Principal
) -> None:
    """In on Monday and nothing after: still in that evening, a punch missing the next day, without
    anybody writing anything."""
    office.employ(HANAKO)
    office.punch(HANAKO, MONDAY, 510, PunchDirection.IN)
    office.clock.advance(timedelta(hours=9))  # Monday 18:00
    assert DayNote.STILL_IN in one(office, personnel).result.days[5].notes
    office.clock.advance(timedelta(hours=15))
    notes = one(office, personnel).result.days[5].notes
    assert DayNote.MISSING_PUNCH in notes
    assert DayNote.STILL_IN not in notes


def test_a_swap_reaches_for_plans_far_outside_the_month(office: Any, personnel: Principal) -> None:
    """Saturday 4 April is worked for Friday 22 May: April's Saturday has May's regular hours."""
    office.employ(HANAKO)
    saturday, friday = date(2026, 4, 4), date(2026, 5, 22)
    office.swap(HANAKO, saturday, friday)
    office.worked(HANAKO, saturday)
    office.clock.advance(timedelta(days=30))
    day = one(office, personnel).result.days[3]
    assert (day.kind, day.regular_min) == (DayKind.DAY_OFF, 465)
    assert DayNote.SWAPPED in day.notes


def test_a_transfer_within_the_month_changes_terms_on_its_date(
    office: Any, personnel: Principal
) -> None:
    """Ordinary until 14 April, led by others from 15 April on."""
    office.employ(HANAKO)
    office.term(DepartmentTerm(BRANCH, date(2020, 4, 1), CapType.OTHER_LED, article_36=True))
    office.transfer(HANAKO, BRANCH, date(2026, 4, 15))
    office.clock.advance(timedelta(days=30))
    days = one(office, personnel).result.days
    terms = [day.terms for day in days]
    assert {t.cap_type for t in terms[:14] if t} == {CapType.ORDINARY}
    assert {(t.cap_type, t.article_36) for t in terms[14:] if t} == {(CapType.OTHER_LED, True)}


def test_hired_within_the_month_nothing_is_missing_before(
    office: Any, personnel: Principal
) -> None:
    """From 16 April: the first half is 'not employed', and no day of it is absent."""
    office.employ(HANAKO, since=date(2026, 4, 16))
    office.clock.advance(timedelta(days=30))
    days = one(office, personnel).result.days
    assert {day.notes for day in days[:15]} == {(DayNote.NOT_EMPLOYED,)}
    assert sum(day.missing_min for day in days[:15]) == 0


def test_the_background_reckons_what_was_marked(office: Any, personnel: Principal) -> None:
    """The chore brings stale months up to date and leaves nothing to wait."""
    office.employ(HANAKO)
    office.worked(HANAKO, MONDAY)
    one(office, personnel)
    office.worked(HANAKO, MONDAY + timedelta(days=1))
    assert office.service.refresh() == 1
    assert office.service.refresh() == 0
    with office.hub.core.db.read() as scope:
        kept = repository.kept_months(scope, [HANAKO], APRIL)
        assert repository.waiting(scope, 1) == ()
    assert kept[HANAKO].result.days[6].regular_min == 465


def test_other_ordinances_make_everything_stale(
    office: Any, personnel: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fingerprint of the rules is kept beside each month."""
    office.employ(HANAKO)
    one(office, personnel)
    book = office.reckoner.book
    other = Ordinances([replace_ordinance(book.ordinances.versions[-1])])
    assert fingerprints.of_rules(replace(book, ordinances=other)) != fingerprints.of_rules(book)
    unpaid = {"annual": msgspec.structs.replace(book.leave_kinds["annual"], paid=False)}
    kinds = {**book.leave_kinds, **unpaid}
    assert fingerprints.of_rules(replace(book, leave_kinds=kinds)) != fingerprints.of_rules(book)
    reckoned = _counted(monkeypatch)
    monkeypatch.setattr(fingerprints, "REVISION", 2)
    one(office, personnel)
    assert reckoned == [HANAKO]


def test_few_statements_however_many_people(office: Any, personnel: Principal) -> None:
    """A department of thirty is gathered in as many statements as one of three."""
    counts = []
    for size in (3, 30):
        for number in range(size):
            if f"p-{number:02}" not in office.employments:
                office.employ(f"p-{number:02}")
                office.worked(f"p-{number:02}", MONDAY)
        with office.hub.core.db.read() as scope:
            people = [f"p-{number:02}" for number in range(size)]
            with _statements(scope) as seen:
                book, now = office.reckoner.book, office.clock.now()
                repository.facts_between(scope, people, (APRIL, APRIL), book, now)
            counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 10


class _statements:
    """What a scope executes meanwhile."""

    def __init__(self, scope: Any) -> None:
        self._connection = scope.connection
        self._seen: list[str] = []

    def __enter__(self) -> list[str]:
        sa.event.listen(self._connection, "before_cursor_execute", self._note)
        return self._seen

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._connection, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._seen.append(statement)


def _nobody(*_: Any) -> Any:
    raise AssertionError("nothing is reckoned")


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The people of whom anything is reckoned from now on."""
    seen: list[str] = []
    real = reckoner.reckon_month

    def reckon(file: Any, ordinances: Any) -> Any:
        seen.append(file.person_id)
        return real(file, ordinances)

    monkeypatch.setattr(reckoner, "reckon_month", reckon)
    return seen


def replace_ordinance(ordinance: Any) -> Any:
    """The same with another 60th hour."""

    sixty = msgspec.structs.replace(ordinance.sixty, after_min=3_000)
    return msgspec.structs.replace(ordinance, sixty=sixty)


def test_other_rules_have_past_months_looked_at_for_adjustments(
    office: Any, personnel: Principal
) -> None:
    """At start, what was reckoned by other rules is stale, and its dates that are over wait for the
    chore that settles closed months."""
    office.employ(HANAKO)
    office.worked(HANAKO, MONDAY)
    office.clock.advance(timedelta(days=40))
    one(office, personnel)
    now = office.clock.now()
    office.hub.core.db.write(lambda scope: scope.delete(touched_spans, sa.true()))
    assert office.hub.core.db.write(lambda scope: repository.outdate(scope, "other", now)) == 1
    with office.hub.core.db.read() as scope:
        (span,) = oldest_spans(scope, 10, date(2026, 5, 16))
        assert repository.waiting(scope, 10) == (HANAKO,)
    assert (span.first_on, span.last_on) == (APRIL.first, APRIL.last)
