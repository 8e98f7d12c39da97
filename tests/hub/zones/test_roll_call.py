"""The roll call: everybody once, by what is known, with every doubt; and as a file of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.attendance.projector import PROJECTOR as ATTENDANCE
from hub.catalogue import Language, Translator
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.projection.worker import ProjectionWorker
from hub.sites.domain import SiteState
from hub.sites.tables import controllers
from hub.web.rights import Role
from hub.zones.projector import PROJECTOR as ZONES
from wire.events import EventKind, PunchBody, PunchDirection

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


def punch(hall: Any, person: str, direction: PunchDirection = PunchDirection.IN) -> None:
    body = PunchBody(
        reader=hall.readers[hall.back, "entry"],
        person=person,
        credential=f"card of {person}",
        direction=direction,
    )
    hall.journal.add(EventKind.PUNCH, body, hall.now_s)
    hall.clock.advance(timedelta(minutes=1))


def called(hall: Any, **query: str) -> Any:
    projectors = [ENTRIES, ZONES, ATTENDANCE]
    worker = ProjectionWorker(hall.hub.core.db, hall.journal.after, projectors)
    while worker.step():
        continue
    answer = hall.client.get("/api/v1/roll-call", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def guest(hall: Any, name: str = "佐藤 次郎") -> str:
    start = hall.clock.now()
    body = {
        "site_id": hall.site,
        "organisation": "さくら電設",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=3)).isoformat(),
        "visitors": [{"name": name}],
    }
    visit = hall.client.post("/api/v1/visits", json=body).json()
    visitor = str(visit["visitors"][0]["id"])
    assert hall.client.post(f"/api/v1/visitors/{visitor}/arrive", json={}).status_code == 200
    return visitor


def test_everybody_is_told_once_by_the_source_that_knows_the_place(hall: Any) -> None:
    hall.walks(hall.ann)
    punch(hall, hall.ann)
    punch(hall, hall.bob)
    visitor = guest(hall)
    found = called(hall)
    told = [(line["name"], line["known_by"], line["zone"]) for line in found["lines"]]
    assert told == [
        ("安藤", "zone", "ホール"),
        ("佐藤 次郎", "register", ""),
        ("坂東", "attendance", ""),
    ]
    assert found["lines"][0]["door"] == "正面"
    hall.client.post(f"/api/v1/visitors/{visitor}/leave", json={})
    punch(hall, hall.bob, PunchDirection.OUT)
    hall.walks(hall.ann, "exit")
    (line,) = called(hall)["lines"]  # who came to work and only left the zone is looked for
    assert (line["name"], line["known_by"]) == ("安藤", "attendance")
    punch(hall, hall.ann, PunchDirection.OUT)
    assert called(hall)["lines"] == []


def test_somebody_in_zones_within_one_another_is_told_in_the_innermost(hall: Any) -> None:
    store = hall.add("zones", site_id=hall.site, name="倉庫")
    hall.change("doors", hall.back, zone_in=store, zone_out=hall.zone)
    hall.walks(hall.ann)
    hall.let_in(hall.ann, hall.back)
    (line,) = called(hall)["lines"]
    assert line["zone"] == "倉庫"


def test_who_went_on_by_a_door_that_leads_into_no_zone_is_looked_for_behind_it(
    hall: Any, clock: Any
) -> None:
    """Until they are let in elsewhere, come back, or punch out."""
    hall.change("doors", hall.back, zone_in=None, zone_out=hall.zone)
    hall.walks(hall.ann)
    hall.let_in(hall.ann, hall.back)
    hall.clock.advance(timedelta(minutes=1))
    (line,) = called(hall)["lines"]
    told = line["name"], line["known_by"], line["zone_id"], line["door"], line["site_id"]
    assert told == ("安藤", "door", None, "裏", hall.site)
    page = hall.client.get("/roll-call", headers=HTML).text
    assert "安藤" in page
    hall.walks(hall.ann)
    (line,) = called(hall)["lines"]
    assert line["known_by"] == "zone"
    hall.let_in(hall.ann, hall.back)
    hall.clock.advance(timedelta(minutes=1))
    punch(hall, hall.ann)
    (line,) = called(hall)["lines"]
    assert line["known_by"] == "door", "told once, by what knows the place"
    punch(hall, hall.ann, PunchDirection.OUT)
    assert called(hall)["lines"] == []
    hall.let_in(hall.ann, hall.back)
    clock.advance(timedelta(hours=15))
    assert len(called(hall)["lines"]) == 1
    clock.advance(timedelta(hours=1, minutes=1))
    assert called(hall)["lines"] == []


def test_what_makes_the_list_unsure_is_told(hall: Any, hub: Any) -> None:
    doubts = {(each["doubt"], each["name"]) for each in called(hall)["doubts"]}
    assert doubts == {("unwatched_exit", "裏")}
    from hub.link.tables import SessionState, controller_sessions

    gone = {"state": next(one for one in SessionState if one.value != "open")}
    hub.core.db.write(lambda scope: scope.update(controller_sessions, gone, sa.true()))
    found = called(hall)
    assert found["sure"] is False
    (away,) = [each for each in found["doubts"] if each["doubt"] == "controller_away"]
    assert away["name"] == "盤"
    assert away["since"] is not None


def test_another_site_has_its_own_roll(hall: Any) -> None:
    hall.walks(hall.ann)
    guest(hall)
    other = hall.add("sites", name="役場")
    found = called(hall, site_id=other)
    assert found["lines"] == []
    assert [each["doubt"] for each in found["doubts"]] == ["no_zone"]
    assert called(hall, site_id=hall.site)["count"] == 2
    assert hall.client.get("/api/v1/roll-call?site_id=nowhere").status_code == 404


@pytest.mark.parametrize("language", list(Language))
def test_the_page_and_the_file_tell_the_same_and_the_file_needs_nothing_else(
    hall: Any, language: Language
) -> None:
    t = Translator(language)
    division = hall.add("staff/departments", code="0701", name="生涯学習課")
    hall.add(
        f"staff/people/{hall.ann}/employments",
        starts_on="2020-04-01",
        department_id=division,
        kind="regular",
    )
    hall.walks(hall.ann)
    guest(hall)
    hall.inside()
    for path in ("/roll-call", "/roll-call/file"):
        for by, head in (("zone", "ホール"), ("department", "生涯学習課")):
            answer = hall.client.get(f"{path}?lang={language}&by={by}", headers=HTML)
            assert answer.status_code == 200, answer.text
            text = answer.text
            assert "安藤" in text
            assert "佐藤 次郎" in text
            assert f"<h2>{head}" in text
            assert t("roll_call.unsure") in text
            assert text.count('type="checkbox"') == 2
    assert "attachment" in answer.headers["content-disposition"]
    assert not re.search(r"(src|href)=|url\(|<script", text)
    assert "grid-template-columns" in text


@pytest.mark.parametrize(
    ("role", "status"), [(Role.CLERK, 200), (Role.PERSONNEL, 200), (Role.VIEWER, 403)]
)
def test_who_may_call_the_roll(
    hall: Any, as_role: Callable[[Role], TestClient], role: Role, status: int
) -> None:
    client = as_role(role)
    for path in ("/api/v1/roll-call", "/roll-call", "/roll-call/file"):
        assert client.get(path).status_code == status


def test_who_came_by_a_correction_or_a_reader_that_is_gone_is_in_every_roll(hall: Any) -> None:
    """Nobody knows where they are: one looked for in vain is better than one forgotten."""
    punch(hall, hall.ann)
    other = hall.add("sites", name="役場")
    called(hall)
    gone = {"state": SiteState.REMOVED}
    hall.hub.core.db.write(lambda scope: scope.update(controllers, gone, sa.true()))
    for site in (hall.site, other):
        assert [line["name"] for line in called(hall, site_id=site)["lines"]] == ["安藤"]


def test_the_newest_day_says_whether_somebody_is_at_work(hall: Any, clock: Any) -> None:
    """Yesterday's forgotten `out` does not keep in whoever came and went today."""
    clock.set(datetime(2026, 4, 8, 12, 0, tzinfo=UTC))
    punch(hall, hall.ann)
    clock.advance(timedelta(hours=10))
    punch(hall, hall.ann)
    clock.advance(timedelta(hours=1))
    assert [line["name"] for line in called(hall)["lines"]] == ["安藤"]
    punch(hall, hall.ann, PunchDirection.OUT)
    assert called(hall)["lines"] == []


def test_a_terminal_s_controller_that_is_away_makes_the_list_unsure(hall: Any) -> None:
    """Its punches are not known, though no zone hangs on it."""
    hall.add("controllers", id="terminal00000001", site_id=hall.site, name="玄関端末")
    away = [each for each in called(hall)["doubts"] if each["doubt"] == "controller_away"]
    assert [each["name"] for each in away] == ["玄関端末"]


def test_over_all_sites_one_without_zones_is_told_by_name(hall: Any) -> None:
    other = hall.add("sites", name="役場")
    hall.add("controllers", id="terminal00000001", site_id=other, name="玄関端末")
    doubts = [each for each in called(hall)["doubts"] if each["doubt"] == "no_zone"]
    assert [each["name"] for each in doubts] == ["役場"]


def test_every_zone_is_called_however_many_there_are(hall: Any) -> None:
    for number in range(201):
        hall.add("zones", site_id=hall.site, name=f"{number}")
    hall.clock.advance(timedelta(seconds=1))
    last = hall.add("zones", site_id=hall.site, name="奥")
    hall.change("doors", hall.front, zone_in=last)
    hall.walks(hall.ann)
    assert [line["zone"] for line in called(hall)["lines"]] == ["奥"]


def test_names_are_kept_by_no_cache(hall: Any) -> None:
    for path in ("/roll-call", "/roll-call/file", "/api/v1/roll-call"):
        assert "no-store" in hall.client.get(path).headers["cache-control"]
