"""Shift codes, patterns and their assignment through pages, as a browser sends them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given as drawn
from hypothesis import strategies as st

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.database.scope import Scope
from hub.pages.views.work_pattern import filled
from hub.rosters.assigning import AssignmentsService, Subject
from hub.rosters.domain import LONGEST_SHIFT_MIN, SubjectKind
from hub.rosters.shift_times import minute_text, read_minute
from hub.staff.tables import employments
from hub.tabular.dates import BadDateError
from hub.web.problems import Problem
from hub.web.rights import Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}
NURSERY = "d-nursery"
PLAN = f"/rosters/{NURSERY}/patterns"
T = Translator(Language.JA)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages do not depend on the kind of database."""
    return sqlite_at


def post(client: TestClient, path: str, **data: Any) -> Any:
    return client.post(f"{path}{'&' if '?' in path else '?'}lang=ja", data=data, headers=HTML)


def page(client: TestClient, path: str) -> str:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang=ja", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def code_id(client: TestClient, code: str) -> str:
    found = client.get("/api/v1/shift_codes").json()["items"]
    return next(str(each["id"]) for each in found if each["code"] == code)


def pattern_id(client: TestClient) -> str:
    return str(client.get("/api/v1/work_patterns").json()["items"][0]["id"])


@pytest.fixture
def codes(nursery: Any, admin: TestClient) -> TestClient:
    """A client in a town with a day shift and a night shift."""
    for code, start, end in (("日", "8:30", "17:15"), ("夜", "17:00", "翌8:30")):
        sent = {"code": code, "name": f"{code}勤", "stretch_start_0": start, "stretch_end_0": end}
        assert post(admin, "/rosters/codes/new", **sent).status_code == 303
    return admin


@pytest.fixture
def pattern(codes: TestClient) -> TestClient:
    """And a pattern of four days."""
    sent = {"name": "四日", "kind": "cycle", "days": "4", "shown": "4", "anchor": "2026-04-12"}
    cells = {"d0": "日", "d1": "夜", "d2": "-", "d3": ""}
    assert post(codes, "/rosters/patterns/new", **sent, **cells).status_code == 303
    return codes


# --- shift codes -------------------------------------------------------------------------------


@drawn(st.integers(0, LONGEST_SHIFT_MIN))
def test_a_time_is_read_as_it_is_written(minute: int) -> None:
    """Every minute of two days, through its text."""
    assert read_minute(minute_text(minute)) == minute


@pytest.mark.parametrize(
    ("text", "minute"),
    [("8:30", 510), ("830", 510), ("０８３０", 510), ("翌8:30", 1950), ("翌日 8時30分", 1950)],
)
def test_times_are_read_as_people_write_them(text: str, minute: int) -> None:
    """With full width, without a colon, and of the next date."""
    assert read_minute(text) == minute


@pytest.mark.parametrize("text", ["", "25", "8:60", "翌30:00", "翌", "8:30x", "9" * 99])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadDateError):
        read_minute(text)


def test_a_night_shift_goes_past_midnight(codes: TestClient) -> None:
    """What was typed as the next day's is kept past 24:00, and shown so."""
    found = {each["code"]: each for each in codes.get("/api/v1/shift_codes").json()["items"]}
    assert found["夜"]["stretches"] == [{"start": 1020, "end": 1950}]
    assert "32:30" in page(codes, f"/rosters/codes/{found['夜']['id']}")


@pytest.mark.parametrize(
    ("sent", "field", "key"),
    [
        ({"stretch_end_0": "x"}, "stretch", "time"),
        ({"stretch_end_0": "7:00"}, "stretch", "order"),
        ({"break_start_0": "18:00", "break_end_0": "18:30"}, "break", "outside"),
        ({"code": "あ い"}, "code", "code"),
        ({"name": ""}, "name", "text"),
        ({"code": "日"}, "code", "twice"),
    ],
)
def test_a_bad_code_is_told_beside_its_field_and_loses_nothing(
    codes: TestClient, sent: dict[str, str], field: str, key: str
) -> None:
    """All that was typed comes back; nothing is added."""
    good = {"code": "早", "name": "早番", "stretch_start_0": "7:0 ", "stretch_end_0": "15:45"}
    good["stretch_start_0"] = "7:00"
    answer = post(codes, "/rosters/codes/new", **{**good, **sent})
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
    assert told
    assert told[1].startswith(T(f"shift.error.{key}", number=1)[:8])
    for value in {**good, **sent}.values():
        assert not value or f'value="{value}"' in answer.text
    assert len(codes.get("/api/v1/shift_codes").json()["items"]) == 2


def test_a_code_is_retired_once_no_pattern_holds_it(pattern: TestClient) -> None:
    """Until then the patterns are named; afterwards it can be given to nobody."""
    night = code_id(pattern, "夜")
    refused = post(pattern, f"/rosters/codes/{night}/retire")
    assert refused.status_code == 422
    assert "四日" in refused.text
    spare = {"code": "遅", "name": "遅番", "stretch_start_0": "11:00", "stretch_end_0": "19:45"}
    assert post(pattern, "/rosters/codes/new", **spare).status_code == 303
    late = code_id(pattern, "遅")
    assert post(pattern, f"/rosters/codes/{late}/retire").status_code == 303
    typed = {"hanako.2026-04-14": "遅"}
    answer = post(pattern, f"/rosters/{NURSERY}/draft?from=2026-04-12", **typed)
    assert answer.status_code == 422
    day = {"code_id": late, "cause": "x"}
    path = "/api/v1/people/hanako/roster_days/2026-04-14"
    assert pattern.put(path, json=day).status_code == 422
    assert post(pattern, f"/rosters/codes/{late}/retire?back=1").status_code == 303
    assert pattern.put(path, json=day).status_code == 200


# --- patterns ----------------------------------------------------------------------------------


def test_a_cycle_is_kept_as_it_was_typed(pattern: TestClient) -> None:
    """Codes become shifts, an empty day and a sign days off."""
    (found,) = pattern.get("/api/v1/work_patterns").json()["items"]
    day, night = (code_id(pattern, each) for each in "日夜")
    assert found["codes"] == [day, night, None, None]
    text = page(pattern, f"/rosters/patterns/{found['id']}")
    assert text.count("<b>夜</b>") >= 7  # of 28 days every fourth, and one in the legend


def test_an_unknown_code_is_named_and_the_whole_cycle_stays(codes: TestClient) -> None:
    """Beside the day it stands in."""
    sent = {"name": "P", "kind": "cycle", "days": "3", "shown": "3", "anchor": "2026-04-12"}
    answer = post(codes, "/rosters/patterns/new", **sent, d0="日", d1="謎", d2="夜")
    assert answer.status_code == 422
    assert re.search(r'name="d1" value="謎"[^>]*aria-invalid="true"', answer.text)
    assert 'name="d2" value="夜"' in answer.text
    assert 'value="P"' in answer.text
    assert codes.get("/api/v1/work_patterns").json()["items"] == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "weekly", "anchor": "2026-04-14"}, "anchor"),
        ({"anchor": ""}, "anchor"),
        ({"days": "900"}, "days"),
        ({"days": "28"}, "days"),
        ({"name": ""}, "name"),
        ({"kind": "moon"}, "kind"),
    ],
)
def test_a_bad_pattern_is_told_beside_its_field(
    codes: TestClient, sent: dict[str, str], field: str
) -> None:
    """A longer cycle than was shown is shown first, never filled up in silence."""
    good = {"name": "P", "kind": "cycle", "days": "7", "shown": "7", "anchor": "2026-04-13"}
    answer = post(codes, "/rosters/patterns/new", **{**good, **sent}, d0="日", d6="夜")
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'name="d0" value="日"' in answer.text
    assert 'name="d6" value="夜"' in answer.text


def test_a_shorter_cycle_keeps_what_stood_past_its_end(codes: TestClient) -> None:
    """Made longer again, nothing is lost."""
    sent = {"name": "P", "kind": "cycle", "shown": "7", "anchor": "2026-04-13", "d6": "夜"}
    short = post(codes, "/rosters/patterns/new", **sent, days="3", what="show")
    assert short.status_code == 200
    assert '<input type="hidden" name="d6" value="夜">' in short.text


def test_a_line_of_codes_fills_the_cycle() -> None:
    """A row of a spreadsheet does too."""
    found = filled({"kind": "cycle", "days": "5", "fill": "日\t夜 -"})
    assert [found[f"d{n}"] for n in range(5)] == ["日", "夜", "-", "日", "夜"]


def test_a_look_ahead_shows_four_weeks_and_what_is_odd_and_keeps_nothing(
    codes: TestClient,
) -> None:
    """A night each day: too many hours, too little rest."""
    sent = {"name": "", "kind": "cycle", "days": "1", "shown": "1", "anchor": "2026-04-12"}
    answer = post(codes, "/rosters/patterns/new", **sent, d0="夜", what="preview")
    assert answer.status_code == 200
    grid = answer.text[answer.text.index("look-grid") :]
    assert len(re.findall(r"<b>夜</b>", grid)) == 28
    assert T("roster.finding.few_days_off", amount=0, limit=8) in answer.text
    assert codes.get("/api/v1/work_patterns").json()["items"] == []


@pytest.mark.parametrize("what", ["show", "preview", "fill", "save", "x"])
def test_no_form_breaks_the_page(codes: TestClient, what: str) -> None:
    """Fields that are missing, absurd or hold what no text holds."""
    for sent in ({}, {"days": "99999", "shown": "x", "name": "\x00", "preview_from": "9999-12-31"}):
        answer = post(codes, "/rosters/patterns/new", what=what, kind="cycle", **sent)
        assert answer.status_code in {200, 422}
    assert assigned_with(codes, pattern="\x00", subject="kind.\x00").status_code == 422


def assigned_with(client: TestClient, **sent: str) -> Any:
    return post(client, PLAN, starts_on="2026-12-06", **sent)


def test_only_personnel_writes_codes_and_patterns(pattern: TestClient, as_role: Any) -> None:
    """Everybody of staff reads them."""
    clerk = as_role(Role.CLERK)
    assert clerk.get("/rosters/patterns", headers=HTML).status_code == 200
    text = page(clerk, f"/rosters/patterns/{pattern_id(pattern)}")
    assert 'name="d0"' not in text
    assert "look-grid" in text
    assert clerk.get("/rosters/codes/new", headers=HTML).status_code == 403
    assert post(clerk, "/rosters/patterns/new", name="P").status_code == 403


# --- assignments -------------------------------------------------------------------------------


def assigned(client: TestClient, *subjects: str, **more: str) -> Any:
    sent = {"pattern": pattern_id(client), "starts_on": "2026-12-06", "ends_on": ""} | more
    return post(client, PLAN, subject=list(subjects), **sent)


def test_a_pattern_is_assigned_to_a_department_and_to_people(pattern: TestClient) -> None:
    """Who has what, and what follows."""
    assert assigned(pattern, "department", "person.hanako").status_code == 303
    found = pattern.get("/api/v1/pattern_assignments").json()["items"]
    assert {(each["subject_kind"], each["subject_id"]) for each in found} == {
        ("department", NURSERY),
        ("person", "hanako"),
    }
    assert assigned(pattern, "person.hanako", starts_on="2026-12-20").status_code == 303
    text = page(pattern, PLAN)
    assert "12月20日" in text
    assert T("pattern_for.overtaken", day="12月20日（日）") in text


def test_two_that_start_on_one_day_are_told_beside_whom_it_concerns(pattern: TestClient) -> None:
    """All or nobody, and what was ticked stays ticked."""
    assert assigned(pattern, "person.hanako").status_code == 303
    answer = assigned(pattern, "person.hanako", "person.taro")
    assert answer.status_code == 422
    assert re.search(r'value="person.hanako" checked aria-invalid="true"', answer.text)
    assert re.search(r'value="person.taro" checked', answer.text)
    assert 'value="2026-12-06"' in answer.text
    assert len(pattern.get("/api/v1/pattern_assignments").json()["items"]) == 1


@pytest.mark.parametrize(
    ("subjects", "sent", "field"),
    [
        ((), {}, "subjects"),
        (("person.hanako",), {"pattern": ""}, "pattern_id"),
        (("person.hanako",), {"starts_on": "soon"}, "starts_on"),
        (("person.hanako",), {"ends_on": "2026-12-01"}, "ends_on"),
    ],
)
def test_a_bad_assignment_is_told_beside_its_field(
    pattern: TestClient, subjects: tuple[str, ...], sent: dict[str, str], field: str
) -> None:
    """Nobody is assigned anything."""
    answer = assigned(pattern, *subjects, **sent)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert pattern.get("/api/v1/pattern_assignments").json()["items"] == []


def test_an_assignment_is_ended_or_removed(pattern: TestClient) -> None:
    """The end lies after its start; one made by mistake goes away whole."""
    assigned(pattern, "person.hanako")
    (made,) = pattern.get("/api/v1/pattern_assignments").json()["items"]
    path = f"{PLAN}/{made['id']}/end"
    assert post(pattern, path, last="2026-12-01").status_code == 422
    assert post(pattern, path, last="").status_code == 422
    assert post(pattern, path, last="2026-12-31").status_code == 303
    (ended,) = pattern.get("/api/v1/pattern_assignments").json()["items"]
    assert ended["ends_on"] == "2026-12-31"
    assert post(pattern, path, what="remove").status_code == 303
    assert pattern.get("/api/v1/pattern_assignments").json()["items"] == []


def test_a_pattern_that_holds_for_somebody_is_not_retired(pattern: TestClient) -> None:
    """And one that is retired is offered to nobody."""
    assigned(pattern, "department")
    path = f"/rosters/patterns/{pattern_id(pattern)}/retire"
    assert post(pattern, path).status_code == 422
    (made,) = pattern.get("/api/v1/pattern_assignments").json()["items"]
    post(pattern, f"{PLAN}/{made['id']}/end", what="remove")
    assert post(pattern, path).status_code == 303
    assert assigned(pattern, "department").status_code == 422


def test_empty_towns_say_what_comes_first(nursery: Any, admin: TestClient) -> None:
    """Codes before patterns, patterns before assignments."""
    assert T("shift.first") in page(admin, "/rosters/codes")
    assert T("pattern.codes_first") in page(admin, "/rosters/patterns")
    assert T("pattern_for.no_patterns") in page(admin, PLAN)


# --- who may -----------------------------------------------------------------------------------


@pytest.fixture
def service(pattern: TestClient, hub: Hub) -> AssignmentsService:
    return hub.services.get(AssignmentsService)


def test_a_head_assigns_in_their_own_department_alone(
    nursery: Any, pattern: TestClient, service: AssignmentsService
) -> None:
    """Not to another department, nor to who serves there, nor to a kind; others not at all."""
    head, first = nursery.as_staff("head"), service.plan(nursery.as_staff("head"), NURSERY).on
    made, hanako = pattern_id(pattern), Subject(SubjectKind.PERSON, "hanako")
    assert service.assign(head, NURSERY, made, [hanako], first, None)

    def refused(who: str, department_id: str, subject: Subject) -> int:
        with pytest.raises(Problem) as caught:
            service.assign(nursery.as_staff(who), department_id, made, [subject], first, None)
        return caught.value.kind.status

    assert refused("head", "d-other", Subject(SubjectKind.PERSON, "other")) == 404
    assert refused("head", NURSERY, Subject(SubjectKind.PERSON, "other")) == 422
    assert refused("head", NURSERY, Subject(SubjectKind.DEPARTMENT, "d-other")) == 403
    assert refused("head", NURSERY, Subject(SubjectKind.KIND, "regular")) == 403
    assert refused("taro", NURSERY, Subject(SubjectKind.PERSON, "taro")) == 403
    with pytest.raises(Problem):
        service.plan(nursery.as_staff("other"), NURSERY)


def test_a_head_settles_of_whoever_moves_only_the_dates_with_them(
    nursery: Any, pattern: TestClient, service: AssignmentsService
) -> None:
    """Taro serves elsewhere until a week ago and comes here then; Hanako goes in a month."""
    head = nursery.as_staff("head")
    today, made = service.plan(head, NURSERY).on, pattern_id(pattern)
    came, goes = today - timedelta(days=7), today + timedelta(days=30)

    def moves(person_id: str, on: date, before: str, after: str) -> None:
        def work(scope: Scope) -> None:
            e = employments.c
            row = scope.one(scope.select(employments).where(e.person_id == person_id))
            scope.update(
                employments,
                {"department_id": before, "ends_on": on - timedelta(days=1)},
                e.person_id == person_id,
            )
            later = {"id": f"later-{person_id}", "starts_on": on, "department_id": after}
            kept = {n: getattr(row, n) for n in [c.name for c in employments.c] if n != "town_id"}
            scope.insert(employments, kept | later | {"ends_on": None})

        nursery.hub.core.db.write(work)

    moves("taro", came, "d-other", NURSERY)
    moves("hanako", goes, NURSERY, "d-other")

    def tries(person_id: str, first: date, last: date | None) -> str:
        subject = Subject(SubjectKind.PERSON, person_id)
        try:
            service.assign(head, NURSERY, made, [subject], first, last)
        except Problem as problem:
            return problem.fields[0].code
        return ""

    assert tries("taro", came - timedelta(days=1), None) == "elsewhere"
    assert tries("taro", came, None) == ""
    assert tries("hanako", today, None) == "elsewhere"
    assert tries("hanako", today, goes) == "elsewhere"
    assert tries("hanako", today, goes - timedelta(days=1)) == ""
    lasting = {each.subject_id: each for each in service.lasting()}
    with pytest.raises(Problem):
        service.end(head, NURSERY, lasting["hanako"].id, goes)
    nursery.hub.core.clock.advance(timedelta(days=60))
    with pytest.raises(Problem):
        service.remove(nursery.as_staff("other"), NURSERY, lasting["taro"].id)


def test_a_head_cannot_end_what_belongs_to_another_department(
    nursery: Any, pattern: TestClient, service: AssignmentsService
) -> None:
    """Its id alone opens nothing."""
    given = {
        "subject_kind": "person",
        "subject_id": "other",
        "pattern_id": pattern_id(pattern),
        "starts_on": "2026-04-01",
    }
    made = pattern.post("/api/v1/pattern_assignments", json=given).json()["id"]
    with pytest.raises(Problem):
        service.remove(nursery.as_staff("head"), NURSERY, made)
    assert len(pattern.get("/api/v1/pattern_assignments").json()["items"]) == 1


def test_nobody_assigns_their_own_past(
    nursery: Any, pattern: TestClient, service: AssignmentsService
) -> None:
    """Neither to themselves nor through their department."""
    head, today = nursery.as_staff("head"), service.plan(nursery.as_staff("head"), NURSERY).on
    made = pattern_id(pattern)
    for subject in (Subject(SubjectKind.PERSON, "head"), Subject(SubjectKind.DEPARTMENT, NURSERY)):
        with pytest.raises(Problem) as caught:
            service.assign(head, NURSERY, made, [subject], today, None)
        assert caught.value.fields[0].code == "own_past"
        tomorrow = today.fromordinal(today.toordinal() + 1)
        assert service.assign(head, NURSERY, made, [subject], tomorrow, None)
