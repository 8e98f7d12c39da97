"""The pages of applying, deciding, standing in, chains and leave, in every language."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from hub.applications.bodies import ApplicationKind, LeaveBody
from hub.applications.checks import CapFacts
from hub.applications.domain import State
from hub.applications.neighbours import Neighbours, NoFigures
from hub.catalogue import Language, Translator
from hub.leave.service import LeaveService
from hub.people.tables import people
from hub.web.rights import SYSTEM, Principal, Role
from wire.events import PunchDirection


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages look alike on both."""
    return sqlite_at


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
    for path in ("/approval-chains", "/leave/yearly", "/leave", "/my/applications"):
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
        "change": "move",
        "punch_id": "new",
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


def test_the_kinds_keep_the_date_that_led_to_them(office: Any, browse: Any) -> None:
    hana = browse(office.hana)
    shown = hana.page("/my/applications/new?date=2026-11-20")
    for kind in ApplicationKind:
        assert f'/new?kind={kind.value}&amp;date=2026-11-20"' in shown
    for none in ("", "?date=20261120", "?date=%22%3E", "?date=0001-01-01"):
        assert '?kind=leave"' in hana.page(f"/my/applications/new{none}")


def number(office: Any, name: str, staff_number: str) -> None:
    values = {"staff_number": staff_number}
    office.hub.core.db.write(
        lambda scope: scope.update(people, values, people.c.id == office.ids[name])
    )


def test_personnel_let_others_stand_in_and_never_themselves(office: Any, browse: Any) -> None:
    number(office, "taro", "10023")
    number(office, "chief", "10001")
    days = {"starts_on": "2026-04-06", "ends_on": "2026-04-10", "giver": "10001"}
    taro = browse(office.who("taro", Role.PERSONNEL))
    own = taro.send("/delegations", to="10023", **days)
    assert own.status_code == 422
    assert Translator(Language.JA)("problem.own_delegation.title") in own.text
    shared = browse(office.personnel)
    assert shared.send("/delegations", to="10023", **days).status_code == 422
    refused = shared.page("/delegations")
    assert Translator(Language.JA)("problem.no_person.advice") in refused
    assert 'name="giver"' not in refused
    assert browse(office.officer).send("/delegations", to="10023", **days).status_code == 303
    assert "chief → taro" in taro.page("/delegations")
    assert 'name="giver"' not in browse(office.hana).page("/delegations")
    assert browse(office.hana).send("/delegations", to="10023", **days).status_code == 403


def test_no_address_of_leave_holds_a_staff_number(office: Any, browse: Any) -> None:
    number(office, "hana", "10024")
    office.grant()
    personnel = browse(office.personnel)
    found = personnel.send("/leave", number="10024")
    assert found.headers["Location"] == f"/leave/people/{office.ids['hana']}"
    assert "20日" in personnel.page(found.headers["Location"])
    lost = personnel.send("/leave", number="99999")
    assert lost.status_code == 422
    assert 'value="99999"' in lost.text
    assert browse(office.hana).send("/leave", number="10024").status_code == 403
    browse(office.who("taro")).page(found.headers["Location"], status=403)


def test_what_contradicts_is_said_beside_its_date(office: Any, browse: Any) -> None:
    office.grant()
    office.take_leave(date(2026, 4, 13))
    sent = browse(office.hana).send("/my/applications/new", kind="swap", **KINDS["swap"])
    assert sent.status_code == 422
    text = Translator(Language.JA)("application.refusal.off_day_taken")
    assert 'aria-describedby="off_date-wrong"' in sent.text
    assert text in sent.text.split('id="off_date-wrong"')[1].split("</p>")[0]


def test_a_correction_is_one_form_with_the_days_punches_to_pick_from(
    office: Any, browse: Any
) -> None:
    hana, first = browse(office.hana), "2026-04-03"
    office.tap(1, datetime(2026, 4, 2, 23, 30, tzinfo=UTC), PunchDirection.IN)
    office.tap(2, datetime(2026, 4, 3, 8, 20, tzinfo=UTC), PunchDirection.OUT)
    form = hana.page(f"/my/applications/new?kind=punch&date={first}")
    assert form.count('type="date"') == 1
    assert re.findall(r'type="radio" name="punch_id" value="(\w+)"', form) == ["1", "2", "new"]
    looked = hana.send("/my/applications/new", kind="punch", first="2026-04-02", look="yes")
    assert looked.status_code == 200
    assert re.findall(r'type="radio" name="punch_id" value="(\w+)"', looked.text) == ["new"]
    said = {"kind": "punch", "first": first, "cause": "other", "reason": "残業"}
    unnamed = hana.send("/my/applications/new", change="move", time="18:00", **said)
    assert unnamed.status_code == 422
    moved = hana.send("/my/applications/new", change="move", punch_id="2", time="18:00", **said)
    assert moved.status_code == 303
    assert 'value="2" required checked' in hana.page(f"{moved.headers['Location']}/edit")


def test_a_missing_punch_is_filled_in_from_the_day_that_was_linked(
    office: Any, browse: Any
) -> None:
    office.tap(1, datetime(2026, 4, 2, 23, 30, tzinfo=UTC), PunchDirection.IN)
    form = browse(office.hana).page("/my/applications/new?kind=punch&date=2026-04-03")
    assert 'id="punch-new" type="radio" name="punch_id" value="new" required checked' in form
    assert '<option value="out" selected>' in form
    assert 'value="2026-04-03"' in form


def test_what_approving_does_is_shown_for_all_that_are_ticked_before_it_is_done(
    office: Any, browse: Any
) -> None:
    class Caps(NoFigures):
        def caps(self, scope: Any, person_ids: Any, month: date) -> dict[str, CapFacts]:
            known = CapFacts(2_300, 2_700, (1_800, 2_400, 2_700))
            return dict.fromkeys(person_ids, known)

    office.of(Neighbours).figures = Caps()
    office.grant()
    one, two = office.overtime(), office.overtime(date(2026, 4, 7))
    leave = office.take_leave(date(2026, 4, 9), date(2026, 4, 10))
    chief = browse(office.chief)
    ticks = [f"{each.id}:1:0" for each in (one, two, leave)]
    alone = chief.send("/approvals/confirm", chosen=ticks[:1]).text
    assert "40:20 / 上限 45:00" in alone
    assert "40:00 以上" in alone
    shown = chief.send("/approvals/confirm", chosen=ticks, comment="了").text
    assert shown.count("42:20 / 上限 45:00") == 2
    assert "18日" in shown
    assert sorted(re.findall(r'name="chosen" value="([^"]+)"', shown)) == sorted(ticks)
    assert 'name="comment" value="了"' in shown
    assert office.told(one)[-1] == "submitted"
    three = office.overtime(date(2026, 4, 8), end=1_200)
    over = chief.send("/approvals/confirm", chosen=[*ticks, f"{three.id}:1:0"]).text
    assert "上限 45:00 を超過" in over
    stale = chief.send("/approvals/confirm", chosen=[f"{one.id}:7:0"])
    assert stale.status_code == 422
    done = chief.send("/approvals", chosen=ticks, comment="了")
    assert done.headers["Location"] == "/approvals?approved=3&refused=0"


def test_personnel_keep_the_chains(office: Any, browse: Any) -> None:
    personnel = browse(office.officer)
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
    own = browse(office.who("taro", Role.PERSONNEL)).send(edit, **(rule | named))
    assert own.status_code == 422
    assert Translator(Language.JA)("problem.own_chain.title") in own.text
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


@pytest.mark.parametrize("language", list(Language))
def test_the_form_of_leave_says_which_kinds_ask_for_evidence(
    office: Any, browse: Any, language: Language
) -> None:
    """By name for everybody, and at the choice itself for the mark beside the field."""
    text = browse(office.hana).page("/my/applications/new?kind=leave", language)
    kinds = office.hub.services.get(LeaveService).kinds
    asking = [code for code, kind in kinds.items() if kind.needs_evidence]
    assert "sick" in asking
    for code, kind in kinds.items():
        (option,) = re.findall(rf'<option value="{code}"([^>]*)>', text)
        assert ("needs-evidence" in option) == kind.needs_evidence
        assert ("needs-reason" in option) == kind.needs_reason
    titles = {
        Language.JA: [kinds[code].title for code in asking],
        Language.EASY: [kinds[code].title_easy for code in asking],
        Language.EN: [kinds[code].title_en for code in asking],
    }[language]
    t = Translator(language)
    said = t("application.needed_for", kinds=t("words.comma").join(titles))
    (hint,) = re.findall(r'id="evidence-hint">([^<]*)<', text)
    assert said in hint
    assert "if-evidence" not in browse(office.hana).page("/my/applications/new?kind=trip")
