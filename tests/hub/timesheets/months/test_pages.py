"""The pages of months, dates and teams, in every language, within what one may see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.catalogue import Language, Translator
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.touched_chore import SettleTouched
from hub.web.rights import SYSTEM, Role
from hub.worktime.domain import Month
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


@pytest.fixture
def user_of(hub: Any, client: TestClient) -> Callable[[str], TestClient]:
    """Log a person's user in with the browser."""

    def log_in(person: str) -> TestClient:
        accounts, word = hub.services.get(AccountsService), "correct horse battery"
        accounts.add_user(
            SYSTEM, login="taro1", name="太郎", password=word, role=Role.STAFF, person_id=person
        )
        form = client.get("/login", headers=HTML).text
        csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', form)
        assert csrf
        made = client.post(
            "/login",
            data={"login": "taro1", "password": word, "csrf": csrf[1]},
            headers=HTML | {"Origin": "https://doors.test"},
            follow_redirects=False,
        )
        assert made.status_code == 303, made.text
        return client

    return log_in


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
    team = page(admin, "/attendance/team")
    assert t("team.late") in team
    assert f'href="/attendance/people/{TARO}/2026-04-09"' in team


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


def test_a_closed_month_is_shown_as_it_was_closed_with_what_came_after(
    worked: Any, admin: TestClient
) -> None:
    """The late punch changes no time of the sheet; the adjustment beside it names the date, what it
    changes, and has a page."""
    t = Translator(Language.JA)
    worked.clock.advance(timedelta(days=30))
    services = worked.hub.services
    services.get(ClosingService).close(SYSTEM, OFFICE, Month(2026, 4), "期限のため")
    before = page(admin, f"/attendance/people/{TARO}?month=2026-04")
    worked.worked(TARO, date(2026, 4, 8), 510, 1035)
    worked.hub.core.db.write(SettleTouched(worked.clock, services).run)
    worked.hub.core.db.write(SettleTouched(worked.clock, services).run)
    after = page(admin, f"/attendance/people/{TARO}?month=2026-04")
    table = re.compile(r'<table class="days">.*?</table>', re.DOTALL)
    shown = table.findall(after)
    assert shown == table.findall(before)
    assert shown
    assert t("adjustment.came_after") in after
    assert t("adjustment.came_after") not in before
    assert f'href="/attendance/people/{TARO}/2026-04-08"' in after.split("<table")[0]
    assert "+7:45" in after
    day = page(admin, f"/attendance/people/{TARO}/2026-04-08")
    assert t("timesheet.closed_day") in day
    assert t("adjustment.came_after") in day
    assert t("adjustment.came_after") not in page(admin, f"/attendance/people/{TARO}/2026-04-07")
    (path,) = set(re.findall(r'href="(/closing/adjustments/[^"#]+)"', after))
    assert "+7:45" in page(admin, path)


def test_ones_own_month_links_to_the_book_and_to_what_one_applied_for(
    worked: Any, user_of: Callable[[str], TestClient]
) -> None:
    """Each day to its applications, and to what one would apply for there."""
    own = user_of(TARO)
    text = page(own, "/my/month?month=2026-04")
    assert 'href="/my/book/2026-04"' in text
    assert len(re.findall(r'href="/my/applications/a-[0-9]+"', text)) == 1
    assert f'href="/attendance/people/{TARO}/2026-04-07#apply"' in text
    tuesday = page(own, f"/attendance/people/{TARO}/2026-04-07")
    assert re.search(r'href="/my/applications/a-[0-9]+"', tuesday)
    assert "/my/applications/new?kind=overtime_after&amp;date=2026-04-07" in tuesday
    sunday = page(own, f"/attendance/people/{TARO}/2026-04-12")
    assert "/my/applications/new?kind=holiday_work&amp;date=2026-04-12" in sunday
    assert "kind=punch" not in sunday  # it has not come yet
    assert "kind=leave" not in sunday


def test_a_day_without_any_punch_offers_a_correction_and_leave(
    worked: Any, user_of: Callable[[str], TestClient]
) -> None:
    """Nobody but they know whether they were away or forgot to punch."""
    text = page(user_of(TARO), "/my/month?month=2026-04")
    told = re.search(r"勤務の記録も休暇などの承認もありません。(.*?)</p>", text)
    assert told
    kinds = re.findall(r"new\?kind=(\w+)&amp;date=2026-04", told[1])
    assert kinds == ["punch", "leave"]


def test_a_holiday_shows_no_planned_hours(worked: Any, admin: TestClient) -> None:
    """29 April 2026 is a holiday on a Wednesday: those hours are not to be worked."""
    text = page(admin, f"/attendance/people/{TARO}?month=2026-04")
    row = re.search(r'2026-04-29">.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert "8:30" not in row[0]
    workday = re.search(r'2026-04-28">.*?</tr>', text, re.DOTALL)
    assert workday is not None
    assert "8:30–17:15" in workday[0]
    assert "8:30" not in page(admin, f"/attendance/people/{TARO}/2026-04-29")
