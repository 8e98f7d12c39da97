"""What stands in the way of closing, as lines: many absences of one person are one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.catalogue import Language, Translator
from hub.pages.views.closing import BlockerLine, blocker_lines
from hub.pages.words import Words
from hub.timesheets.closing_domain import Blocker, BlockerKind
from hub.worktime.domain import Month

MONTH = Month(2026, 4)
NAMES = {"ann": "安藤 花子", "bob": "馬場 次郎"}
FIRST = date(2026, 4, 6)


def absent(person: str, count: int) -> list[Blocker]:
    days = [FIRST + timedelta(days=n) for n in range(count)]
    return [
        Blocker(
            kind=BlockerKind.ABSENT,
            person_id=person,
            work_date=day,
            path=f"/attendance/people/{person}/{day}",
        )
        for day in days
    ]


def lines(*blockers: Blocker, language: Language = Language.JA) -> tuple[BlockerLine, ...]:
    now = datetime(2026, 5, 7, tzinfo=UTC)
    words = Words(Translator(language), ZoneInfo("Asia/Tokyo"), now)
    return blocker_lines(blockers, MONTH, NAMES, words)


def test_up_to_three_absences_stand_one_by_one_with_their_dates() -> None:
    shown = lines(*absent("ann", 3))
    assert [each.path for each in shown] == [each.path for each in absent("ann", 3)]
    assert len({each.day for each in shown}) == 3


@pytest.mark.parametrize("language", list(Language))
def test_more_are_one_line_with_their_number_and_the_way_to_the_month(language: Language) -> None:
    (line,) = lines(*absent("ann", 21), language=language)
    assert "21" in line.day
    assert line.person == NAMES["ann"]
    assert {line.path, line.day_path, line.person_path} == {"/attendance/people/ann?month=2026-04"}


def test_each_person_counts_alone_and_other_kinds_stay_as_they_are() -> None:
    forgotten = Blocker(
        kind=BlockerKind.MISSING_PUNCH, person_id="ann", work_date=FIRST, path="/there"
    )
    shown = lines(*absent("ann", 4)[:2], forgotten, *absent("ann", 4)[2:], *absent("bob", 2))
    assert [each.person for each in shown] == [NAMES["ann"], NAMES["ann"], *2 * [NAMES["bob"]]]
    assert shown[1].path == "/there"


def test_the_first_line_of_a_kind_alone_is_where_links_lead() -> None:
    """An id stands once in a page, though people take turns."""
    unsigned = [
        Blocker(kind=BlockerKind.NOT_SIGNED, person_id=each, path=f"/{each}") for each in NAMES
    ]
    shown = lines(*absent("ann", 5), unsigned[0], *absent("bob", 5), unsigned[1])
    assert [each.anchor for each in shown] == ["b-absent", "b-not_signed", "", ""]
