"""The pages of applying, deciding, standing in, chains and leave, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from msgspec.structs import replace

from hub.accounts.service import AccountsService
from hub.applications.bodies import ApplicationKind, LeaveBody
from hub.applications.domain import State
from hub.catalogue import Language, Translator
from hub.people.tables import people
from hub.web.rights import SYSTEM, Principal, Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages look alike on both."""
    return sqlite_at


class As:
    """A browser's requests by somebody of the office."""

    def __init__(self, client: TestClient, who: Principal) -> None:
        self.client = client
        self.who = who

    def page(self, path: str, language: str = "ja", status: int = 200) -> str:
        self._be()
        sign = "&" if "?" in path else "?"
        answer = self.client.get(f"{path}{sign}lang={language}", headers=HTML)
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def send(self, path: str, **data: Any) -> Any:
        self._be()
        return self.client.post(path, data=data, headers=HTML)

    def _be(self) -> None:
        self.client.app.state.identifier = _Is(self.who)  # type: ignore[attr-defined]
        self.client.headers["Authorization"] = "Bearer kgm_x"


class _Is:
    """Knows one person, by any token."""

    def __init__(self, who: Principal) -> None:
        self._who = who

    def by_token(self, token: str) -> Principal | None:
        return self._who

    def by_session(self, cookie: str) -> Principal | None:
        return None


@pytest.fixture
def browse(office: Any, client: TestClient) -> Iterator[Any]:
    yield lambda who: As(client, who)
    client.app.state.identifier = office.of(AccountsService)  # type: ignore[attr-defined]


OVERTIME = {
    "kind": "overtime",
    "first": "2026-04-10",
    "from1": "１７：１５",
    "until1": "1930",
    "reason": "議会答弁資料",
}


def test_one_applies_in_a_form_and_the_head_approves_it(office: Any, browse: Any) -> None:
    hana, chief = browse(office.hana), browse(office.chief)
    form = hana.page("/my/applications/new?kind=overtime&date=2026-11-20")
    assert 'value="2026-11-20"' in form
    assert "令和8年11月20日" in form
    sent = hana.send("/my/applications/new", **OVERTIME)
    assert sent.status_code == 303, sent.text
    place = sent.headers["Location"]
    mine = hana.page("/my/applications")
    assert "17:15–19:30" in mine
    assert "令和8年4月10日" in mine
    inbox = chief.page("/approvals")
    (tick,) = re.findall(r'name="chosen" value="([^"]+)"', inbox)
    assert "hana" in inbox
    assert "議会答弁資料" in inbox
    assert chief.send("/approvals").status_code == 422
    done = chief.send("/approvals", chosen=tick, comment="了")
    assert done.headers["Location"] == "/approvals?approved=1&refused=0"
    assert "承認済み" in hana.page(place)
    assert "chief" in hana.page(place)


def test_what_is_refused_is_said_beside_what_was_written(office: Any, browse: Any) -> None:
    hana = browse(office.hana)
    bad = OVERTIME | {"until1": "17:00", "reason": ""}
    sent = hana.send("/my/applications/new", **bad)
    assert sent.status_code == 422
    t = Translator(Language.JA)
    assert t("application.refusal.spans_reversed") in sent.text
    assert t("application.refusal.reason_missing") in sent.text
    assert 'value="17:00"' in sent.text
    for field in ({"from1": "25時"}, {"first": "令和8年"}, {"first": "9999-12-31"}):
        assert hana.send("/my/applications/new", **(OVERTIME | field)).status_code == 422
    assert hana.send("/my/applications/new", kind="nonsense").status_code == 303


@pytest.mark.parametrize("language", list(Language))
def test_every_kinds_form_and_every_page_shows_in_every_language(
    office: Any, browse: Any, language: Language
) -> None:
    office.grant()
    hana, personnel = browse(office.hana), browse(office.personnel)
    for kind in ApplicationKind:
        text = hana.page(f"/my/applications/new?kind={kind.value}", language)
        assert Translator(language)(f"application.kind.{kind.value}") in text
    office.take_leave(date(2026, 4, 10))
    for path in (
        "/my/applications",
        "/my/applications/new",
        "/approvals",
        "/delegations",
        "/leave",
    ):
        hana.page(path, language)
    for path in ("/approval-chains", "/leave/yearly", "/leave?q=x", "/my/applications"):
        personnel.page(path, language)
    browse(office.chief).page("/approvals", language)


KINDS = {
    "swap": {"first": "2026-04-11", "off_date": "2026-04-13", "reason": "選挙事務"},
    "leave": {"first": "2026-04-15", "leave_kind": "annual", "part": "morning"},
    "trip": {"first": "2026-04-16", "last": "2026-04-17", "place": "県庁"},
    "telework": {"first": "2026-04-20"},
    "duty": {"first": "2026-04-18", "from1": "17:15", "until1": "32:30"},
    "punch": {
        "first": "2026-04-03",
        "change": "add",
        "direction": "out",
        "time": "17:20",
        "cause": "forgotten",
        "reason": "押し忘れ",
    },
    "holiday_work": {
        "first": "2026-04-29",
        "from1": "08:30",
        "until1": "17:15",
        "rest_later": "yes",
        "reason": "式典",
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_handed_in_changed_and_read_by_its_form(
    office: Any, browse: Any, kind: str
) -> None:
    office.grant()
    hana = browse(office.hana)
    sent = hana.send("/my/applications/new", kind=kind, **KINDS[kind])
    assert sent.status_code == 303, sent.text
    place = sent.headers["Location"]
    filled = hana.page(f"{place}/edit")
    for value in KINDS[kind].values():
        assert f'value="{value}"' in filled or f">{value}<" in filled, value
    changed = KINDS[kind] | {"reason": "理由の補足"}
    again = hana.send(f"{place}/edit", kind=kind, version="1", **changed)
    assert again.status_code == 303, again.text
    assert "第 2 版" in hana.page(place)
    assert browse(office.chief).page(place)


def test_a_decision_about_an_older_version_asks_to_read_again(office: Any, browse: Any) -> None:
    hana, chief = browse(office.hana), browse(office.chief)
    place = hana.send("/my/applications/new", **OVERTIME).headers["Location"]
    chief.page(place)
    hana.send(f"{place}/edit", version="1", **(OVERTIME | {"until1": "22:00"}))
    path = place.replace("/my/applications", "/approvals")
    late = chief.send(path, version="1", step="0", verdict="approve")
    assert late.status_code == 409
    assert "もう一度読んで" in late.text
    bare = chief.send(path, version="2", step="0", verdict="reject")
    assert bare.status_code == 422
    sent = chief.send(path, version="2", step="0", verdict="return", comment="時刻を確認")
    assert sent.status_code == 303
    assert "時刻を確認" in hana.page(place)


def test_drafts_withdrawals_and_cancellations(office: Any, browse: Any) -> None:
    hana = browse(office.hana)
    place = hana.send("/my/applications/new", draft="yes", **OVERTIME).headers["Location"]
    assert "下書き" in hana.page(place)
    assert hana.send(f"{place}/submit", version="1").status_code == 303
    office.decide(office.chief, office.applications.seen(office.hana, place[-36:]).application)
    assert hana.send(f"{place}/cancel").status_code == 422
    assert hana.send(f"{place}/cancel", comment="中止").status_code == 303
    assert "取消しの承認待ち" in hana.page(place)
    assert hana.send(f"{place}/withdraw").status_code == 303
    found = office.applications.seen(office.hana, place[-36:]).application
    assert found.state is State.APPROVED


def test_who_may_not_see_an_application_is_told_that_there_is_none(
    office: Any, browse: Any
) -> None:
    place = browse(office.hana).send("/my/applications/new", **OVERTIME).headers["Location"]
    browse(office.who("taro")).page(place, status=404)
    nobody = Principal(office.hana.kind, "u", "u", Role.STAFF)
    assert "結び付いていません" in browse(nobody).page("/my/applications")
    assert SYSTEM.role is Role.ADMIN


def test_somebody_is_let_stand_in_by_their_staff_number(office: Any, browse: Any) -> None:
    number(office, "taro", "10023")
    chief = browse(office.chief)
    days = {"starts_on": "2026-04-06", "ends_on": "2026-04-10"}
    assert chief.send("/delegations", to="99999", **days).status_code == 422
    back = {"starts_on": "2026-04-06", "ends_on": "2026-04-01"}
    assert chief.send("/delegations", to="10023", **back).status_code == 422
    assert chief.send("/delegations", to="10023", kinds=["leave"], **days).status_code == 303
    text = chief.page("/delegations")
    assert "chief → taro" in text
    (path,) = re.findall(r'action="(/delegations/[^"]+/revoke)"', text)
    assert browse(office.hana).send(path).status_code == 404
    assert chief.send(path).status_code == 303
    assert "終了" in chief.page("/delegations")


def number(office: Any, name: str, staff_number: str) -> None:
    values = {"staff_number": staff_number}
    office.hub.core.db.write(
        lambda scope: scope.update(people, values, people.c.id == office.ids[name])
    )


def test_personnel_keep_the_chains(office: Any, browse: Any) -> None:
    personnel = browse(office.personnel)
    rule = {"name": "長時間", "position": "5", "kinds": ["overtime"], "from_min": "120"}
    sent = personnel.send("/approval-chains", steps=["head", "parent_head", "", ""], **rule)
    assert sent.status_code == 303, sent.text
    text = personnel.page("/approval-chains")
    assert "所属長 → 上位の所属長" in text
    assert personnel.send("/approval-chains", steps=["person"], **rule).status_code == 422
    (edit,) = re.findall(r'href="(/approval-chains/[^"]+/edit)#rule"', text)
    form = personnel.page(edit)
    assert 'value="長時間"' in form
    assert 'value="overtime" checked' in form
    assert 'value="parent_head" selected' in form
    named = {"steps": ["head", "person", "", ""], "people": ["", "10023", "", ""]}
    assert personnel.send(edit, **(rule | named)).status_code == 422
    number(office, "taro", "10023")
    assert personnel.send(edit, **(rule | named | {"from_min": "180"})).status_code == 303
    text = personnel.page("/approval-chains")
    assert "所属長 → taro" in text
    assert "180分以上" in text
    assert 'value="10023"' in personnel.page(edit)
    assert browse(office.hana).send(edit, **rule).status_code == 403
    assert personnel.page("/approval-chains/none/edit", status=404)
    (path,) = re.findall(r'action="(/approval-chains/[^"]+/remove)"', text)
    assert personnel.send(path).status_code == 303
    assert browse(office.hana).page("/approval-chains", status=403)


def test_a_year_is_granted_and_ended_after_it_was_shown(office: Any, browse: Any) -> None:
    personnel = browse(office.personnel)
    text = personnel.page("/leave/yearly?kind=annual&year=2025")
    assert "5 人に付与する" in text
    given = personnel.send("/leave/yearly/grant", kind="annual", year="2025")
    assert given.headers["Location"].endswith("granted=5")
    assert "付与済み" in personnel.page("/leave/yearly?kind=annual&year=2025")
    ended = personnel.send("/leave/yearly/end", kind="annual", year="2025")
    assert ended.headers["Location"].endswith("ended=5")
    early = personnel.send("/leave/yearly/end", kind="annual", year="2026")
    assert "ended" not in early.headers["Location"]
    leave = browse(office.hana).page("/leave")
    assert "20日" in leave
    assert "8時間 で 1 日に換算" in leave


def test_the_inbox_is_sorted_as_asked(office: Any, browse: Any) -> None:
    names = {"hana": "ヤマダ ハナコ", "taro": "イトウ タロウ"}
    for name, kana in names.items():
        change = {"name_kana": kana}
        office.hub.core.db.write(
            lambda scope, n=name, c=change: scope.update(people, c, people.c.id == office.ids[n])
        )
    office.overtime(date(2026, 4, 9))
    office.pass_time(minutes=1)
    body = LeaveBody(leave_kind="sick", first=date(2026, 4, 10), last=date(2026, 4, 10))
    body = replace(body, reason="発熱", evidence="診断書")
    office.apply(body, ApplicationKind.LEAVE, office.who("taro"))
    office.pass_time(minutes=1)
    office.overtime(date(2026, 4, 8))
    chief = browse(office.chief)

    def order(sort: str) -> list[str]:
        text = chief.page(f"/approvals?sort={sort}")
        return re.findall(r'data-label="対象">(\d+月\d+日)', text)

    assert order("waiting") == order("nonsense") == ["4月9日", "4月10日", "4月8日"]
    assert order("name") == ["4月10日", "4月9日", "4月8日"]
    assert order("date") == ["4月8日", "4月9日", "4月10日"]
