"""The pages of months, dates and teams, in every language, within what one may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, Translator
from hub.web.rights import Role
from wire.events import PunchDirection

TARO = "p-taro"
OFFICE = "d-office"
MONDAY = date(2026, 4, 6)
HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages do not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def worked(office: Any) -> Any:
    """Taro forgot to punch out on Monday, worked Tuesday with an order, and was away after."""
    office.employ(TARO)
    office.punch(TARO, MONDAY, 510, PunchDirection.IN)
    office.worked(TARO, MONDAY + timedelta(days=1), 510, 1155)
    office.order(TARO, MONDAY + timedelta(days=1), 1035, 1155)
    office.clock.advance(timedelta(days=3))
    return office


def page(client: TestClient, path: str, language: str = "ja") -> str:
    mark = "&" if "?" in path else "?"
    answer = client.get(f"{path}{mark}lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


@pytest.mark.parametrize("language", list(Language))
def test_a_month_tells_what_is_missing_and_what_is_paid(
    worked: Any, admin: TestClient, language: Language
) -> None:
    """The forgotten punch and the absent day ask for something; two hours of overtime are paid."""
    t = Translator(language)
    text = page(admin, f"/attendance/people/{TARO}?month=2026-04", language)
    assert t("worktime.note.missing_punch") in text
    assert t("worktime.note.absent") in text
    assert t("worktime.pay.overtime") in text
    assert "2:00" in text
    assert t("timesheet.todo_days", count=5) in text  # 1 to 3 April, Monday, Wednesday


def test_one_date_shows_every_punch_and_what_came_of_it(worked: Any, admin: TestClient) -> None:
    """Punches with their seconds, the order, and the minutes that are paid."""
    text = page(admin, f"/attendance/people/{TARO}/2026-04-07")
    for shown in ("08:30:00", "19:15:00", "17:15–19:15", "8:30–12:00"):
        assert shown in text


def test_a_departments_month_and_the_team(worked: Any, admin: TestClient) -> None:
    """Everybody with a link to their month; the team of today with who is not here."""
    t = Translator(Language.JA)
    assert f"/attendance/people/{TARO}?month=2026-04" in page(
        admin, f"/attendance/months/2026-04?department={OFFICE}"
    )
    assert t("team.late") in page(admin, "/attendance/team")


@pytest.mark.parametrize(
    "path", ["/my/month", "/my/roster", "/rosters", "/attendance/months", "/attendance/team"]
)
def test_pages_without_anything_to_show_say_so(
    office: Any, as_role: Callable[[Role], TestClient], path: str
) -> None:
    """An administrator tied to nobody, in a town without staff."""
    assert page(as_role(Role.ADMIN), path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/attendance/people/nobody", 404),
        (f"/attendance/people/{TARO}/2026-02-30", 404),
        (f"/attendance/people/{TARO}/0001-01-01", 422),
        (f"/attendance/people/{TARO}?month=2019-01", 422),
        ("/rosters/nowhere", 404),
    ],
)
def test_addresses_of_nothing_are_refused(
    worked: Any, admin: TestClient, path: str, status: int
) -> None:
    """No page of a person, a date or a department that is none."""
    assert admin.get(path, headers=HTML).status_code == status
