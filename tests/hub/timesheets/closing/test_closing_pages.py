"""The pages of closings, divergences and caps: in three languages, by form, without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.attendance.domain import start_of
from hub.attendance.tables import punches
from hub.catalogue import Language, Translator
from hub.timesheets.divergence_domain import DivergenceKind, FoundDivergence, ProbableCause
from hub.web.rights import Role
from hub.worktime.domain import CapFinding, CapKind, CapLevel, Month
from wire.events import PunchDirection

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}
FRIDAY = date(2026, 4, 10)
APRIL = Month(2026, 4)
T = Translator(Language.JA)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


def page(client: TestClient, path: str, language: str = "ja") -> str:
    joint = "&" if "?" in path else "?"
    answer = client.get(f"{path}{joint}lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, path: str, action: str, status: int = 303, **data: str) -> str:
    """Send a form of a page as a browser does, with the page's own token."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, path))
    answer = client.post(action, data=data | ({"csrf": csrf[1]} if csrf else {}), headers=HTML)
    assert answer.status_code == status, answer.text
    return str(answer.text)


@pytest.fixture
def busy(office: Any) -> tuple[str, str]:
    """The tax office in May: a divergence, a punch that waits, a cap broken, April to be closed."""
    ann, head = office.hire("安藤 花子"), office.hire("課長 太郎")
    office.hire("福祉 次郎", "welfare")
    office.hall.led_by["tax"] = (head,)
    for day in (6, 7, 8, 9, 10):
        office.works(ann, date(2026, 4, day))
        office.works(head, date(2026, 4, day))
    office.hall.differs[ann] = [
        FoundDivergence(FRIDAY, DivergenceKind.PRESENT_BEYOND_ORDER, 48),
        FoundDivergence(
            date(2026, 4, 9), DivergenceKind.DOOR_AFTER_OUT, 65, ProbableCause.READER_DOWN
        ),
    ]
    office.hall.caps[ann, APRIL] = (CapFinding(CapKind.MONTH, CapLevel.BREACH, 2830, 2700),)
    office.hall.tallies[ann, APRIL] = 2830
    office.number += 1
    unsure = {
        "id": office.number,
        "person_id": ann,
        "reader_id": "r",
        "door_id": None,
        "credential_id": "c",
        "controller_id": "k7w2m9x4c1t8z5qa",
        "direction": PunchDirection.IN,
        "at": start_of(date(2026, 4, 13)),
        "corrected_at": start_of(date(2026, 4, 13)) + timedelta(minutes=500),
        "trusted": False,
        "time_error_ms": None,
        "boot": "b",
        "mono_ns": 1,
        "received_at": start_of(date(2026, 4, 13)) + timedelta(minutes=520),
    }
    office.db.write(lambda scope: scope.insert(punches, unsure))
    office.at(date(2026, 5, 7))
    office.run_chore()
    return ann, head


@pytest.mark.parametrize("language", list(Language))
def test_every_page_speaks_every_language(
    office: Any, busy: tuple[str, str], admin: TestClient, language: Language
) -> None:
    t = Translator(language)
    assert t("closing.departments") in page(admin, "/closing?month=2026-04", language)
    one = page(admin, "/closing/2026-04/tax", language)
    assert t("blocker.waiting_punch") in one
    assert t("closing.close") in one
    inbox = page(admin, "/divergences?month=2026-04", language)
    assert t("divergence.kind.present_beyond_order") in inbox
    assert t("divergence.cause.reader_down") in inbox
    assert t("waiting.confirm") in inbox
    assert t("cap.level.breach") in page(admin, "/caps?month=2026-04", language)
    assert t("adjustment.none") in page(admin, "/closing/adjustments", language)


def test_a_month_is_closed_and_opened_again_by_form(
    office: Any, busy: tuple[str, str], admin: TestClient
) -> None:
    path = "/closing/2026-04/tax"
    assert T("closing.cause_missing") in send(admin, path, f"{path}/close", 422, sure="yes")
    assert T("unlock.sure_missing") in send(admin, path, f"{path}/close", 422, cause="期限")
    send(admin, path, f"{path}/close", cause="期限のため", sure="yes")
    closed = page(admin, path)
    assert T("closing.closed") in closed
    assert "期限のため" in closed
    office.works(busy[0], date(2026, 4, 14), late=True)
    office.run_chore()
    listed = page(admin, "/closing/adjustments")
    assert T("adjustment.cause.late_punch") in listed
    assert "+7:45" in listed
    (action,) = re.findall(r'action="(/closing/adjustments/[^"]+)"', listed)
    send(admin, "/closing/adjustments", action, remark="5月分と併せて")
    assert T("adjustment.state.signed") in page(admin, "/closing/adjustments")
    assert T("closing.cause_missing") in send(admin, path, f"{path}/reopen", 422)
    send(admin, path, f"{path}/reopen", cause="集計誤り")
    assert "集計誤り" in page(admin, path)


def test_the_person_explains_and_signs_and_the_head_decides_and_signs(
    office: Any, busy: tuple[str, str], client: TestClient
) -> None:
    ann, head = busy
    own = office.log_in(client, ann, Role.STAFF)
    mine = page(own, "/closing/mine?month=2026-04")
    assert T("divergence.please_explain") in mine
    ids = re.findall(r'href="(/divergences/[^"]+)"', mine)
    assert len(ids) == 2
    assert T("divergence.note_missing") in send(own, ids[0], ids[0], 422, what="explain")
    send(own, ids[0], ids[0], what="explain", note="扉の前で立ち話")
    assert "扉の前で立ち話" in page(own, ids[0])
    assert T("divergence.do.accept") not in page(own, ids[0])
    (print_,) = re.findall(r'name="fingerprint" value="([^"]+)"', mine)
    send(own, "/closing/mine", "/closing/mine", month="2026-04", fingerprint=print_)
    assert T("closing.sign_mine") not in page(own, "/closing/mine?month=2026-04")
    assert own.get("/closing/2026-04/tax", headers=HTML).status_code == 404

    client.cookies.clear()
    leads = office.log_in(client, head, Role.STAFF)
    assert T("closing.close") not in page(leads, "/closing/2026-04/tax")
    send(leads, ids[0], ids[0], what="accept", note="確認した")
    send(leads, ids[1], ids[1], what="refuse", note="記録のとおり")
    sheet = page(leads, "/closing/2026-04/tax")
    assert "安藤 花子" in sheet  # a head reads the names of their own
    (print_,) = re.findall(r'name="fingerprint" value="([^"]+)"', sheet)
    send(leads, "/closing/2026-04/tax", "/closing/2026-04/tax/sign", fingerprint=print_)
    assert T("closing.sign_department") not in page(leads, "/closing/2026-04/tax")


def test_a_punch_that_waits_is_confirmed_or_rejected_by_form(
    office: Any, busy: tuple[str, str], admin: TestClient
) -> None:
    path = "/divergences?month=2026-04"
    (action,) = re.findall(r'action="(/divergences/waiting/[^"]+)"', page(admin, path))
    assert T("closing.cause_missing") in send(admin, path, action, 422, what="confirm")
    assert T("waiting.time_missing") in send(admin, path, action, 422, cause="x", at="never")
    future = {"cause": "x", "at": "2030-01-01T08:30"}
    assert T("waiting.time_wrong") in send(admin, path, action, 422, **future)
    send(admin, path, action, what="confirm", cause="入館記録", at="2026-04-13T08:20")
    assert T("waiting.title") not in page(admin, path)


def test_work_beyond_a_cap_is_recorded_by_form(
    office: Any, busy: tuple[str, str], admin: TestClient
) -> None:
    path = "/caps?month=2026-04"
    (action,) = re.findall(r'action="(/caps/alerts/[^"]+/record)"', page(admin, path))
    assert T("closing.cause_missing") in send(admin, path, action, 422)
    send(admin, path, action, cause="罹災証明書の発行")
    text = page(admin, path)
    assert "罹災証明書の発行" in text
    (action,) = re.findall(r'action="(/caps/special/[^"]+/analysis)"', text)
    office.at(date(2027, 4, 2))
    send(admin, path, action, analysis="応援を定める", month="2026-04")
    assert "応援を定める" in page(admin, path)


@pytest.mark.parametrize("month", ["0000-01", "9999-12", "1999-12", "x", "2026-13", "2200-01"])
def test_a_month_that_is_none_breaks_no_page(
    office: Any, admin: TestClient, month: str, as_role: Callable[[Role], TestClient]
) -> None:
    for path in ("/closing", "/divergences", "/caps"):
        assert admin.get(f"{path}?month={month}", headers=HTML).status_code == 200
    assert admin.get(f"/closing/{month}/tax", headers=HTML).status_code == 404
    assert as_role(Role.ADMIN).get("/divergences/none", headers=HTML).status_code == 404


def test_what_stands_in_the_way_links_to_where_it_is_dealt_with(
    office: Any, busy: tuple[str, str], admin: TestClient
) -> None:
    """Department -> its list by kind -> the divergence, the person's month, and the date."""
    ann, _ = busy
    overview = page(admin, "/closing?month=2026-04")
    assert 'href="/closing/2026-04/tax#b-open_divergence"' in overview
    text = page(admin, "/closing/2026-04/tax")
    assert 'id="b-open_divergence"' in text
    assert text.count('id="b-not_signed"') == 1
    assert f'href="/attendance/people/{ann}?month=2026-04"' in text
    assert f'href="/attendance/people/{ann}/2026-04-10"' in text
    assert 'href="/closing/2026-04/tax#signed"' in text


def test_nobody_is_offered_to_sign_their_own_adjustment_and_it_says_who_does(
    office: Any, busy: tuple[str, str], admin: TestClient, client: TestClient
) -> None:
    """The head sees theirs in the department's page without a button, and that personnel signs;
    the other one they may sign. Each adjustment names its date and has a page of its own."""
    ann, head = busy
    path = "/closing/2026-04/tax"
    send(admin, path, f"{path}/close", cause="期限のため", sure="yes")
    for person in busy:
        office.works(person, date(2026, 4, 14), late=True)
    office.run_chore()
    own = office.log_in(client, head, Role.STAFF)
    for place in (path, "/closing/adjustments"):
        text = page(own, place)
        buttons = re.findall(r'action="/closing/adjustments/([^/]+)/sign"', text)
        lines = {
            each[0]: each[1] for each in re.findall(r'<li id="a([^"]+)"(.*?)</li>', text, re.DOTALL)
        }
        (mine,) = set(lines) - set(buttons)
        assert f"/attendance/people/{head}?" in lines[mine]
        assert T("adjustment.signer", who=T("closing.personnel")) in lines[mine]
        assert f"/attendance/people/{head}/2026-04-14" in lines[mine]
        assert len(buttons) == 1
        assert f"/attendance/people/{ann}?" in lines[buttons[0]]
    alone = page(own, f"/closing/adjustments/{mine}")
    assert T("adjustment.dates") in alone
    send(own, path, f"/closing/adjustments/{buttons[0]}/sign")
    assert own.get("/closing/adjustments/none", headers=HTML).status_code == 404
    sees_own = page(office.log_in(client, ann, Role.STAFF), "/closing/adjustments")
    assert f"/closing/adjustments/{buttons[0]}" in sees_own
    assert client.get(f"/closing/adjustments/{mine}", headers=HTML).status_code == 404
