"""The pages of zones, and the rules on a door's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.catalogue import Language, Translator
from hub.link.tables import SessionState, controller_sessions
from hub.web.rights import Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


def page(client: TestClient, path: str, language: str = "ja") -> str:
    answer = client.get(f"{path}?lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, path: str, **data: str) -> Any:
    """Send a form of a page as a browser does, with the page's own token."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, path))
    return client.post(path, data=data | ({"csrf": csrf[1]} if csrf else {}), headers=HTML)


@pytest.mark.parametrize("language", list(Language))
def test_the_pages_tell_the_rules_and_who_is_inside(hall: Any, language: Language) -> None:
    t = Translator(language)
    hall.change("zones", hall.zone, anti_passback="hard", occupancy_max=20, forget_after_s=7_200)
    hall.walks(hall.ann)
    hall.inside()
    one = page(hall.client, f"/zones/{hall.zone}", language)
    assert t("zone.count_of", count=1, max=20) in one
    assert t("zone.anti_passback_hard") in one
    assert t("zone.enforced") in one
    assert t("zone.unwatched") in one  # the back door
    assert "安藤" in one
    for path in ("/zones", f"/zones/{hall.zone}/live"):
        assert t("zone.count_of", count=1, max=20) in page(hall.client, path, language)


@pytest.mark.parametrize("language", list(Language))
def test_a_zone_that_spans_says_that_its_rules_are_only_reported(
    hall: Any, language: Language
) -> None:
    t = Translator(language)
    other = "h7w2m9x4c1t8z5qa"
    hall.change("zones", hall.zone, anti_passback="soft", occupancy_max=1, soft=True)
    hall.add("controllers", id=other, site_id=hall.site, name="別棟の盤")
    where = {"site_id": hall.site, "controller_id": other, "zone_in": hall.zone}
    hall.add("doors", name="別棟", **where)
    text = page(hall.client, f"/zones/{hall.zone}", language)
    assert text.count(t("zone.reported")) >= 2
    assert t("zone.enforced") not in text
    assert t("zone.spans") in text
    # Its controller was never heard: what it does not tell is not known.
    assert t("zone.not_known") in text
    assert "別棟の盤" in text


def test_while_a_controller_is_away_the_number_is_not_passed_off_as_known(hall: Any) -> None:
    hall.walks(hall.ann)
    hall.inside()
    assert "不明" not in page(hall.client, "/zones")
    away = {"state": SessionState.PAST}
    hall.hub.core.db.write(lambda scope: scope.update(controller_sessions, away, sa.true()))
    assert "不明（通信待ち）" in page(hall.client, "/zones")
    text = page(hall.client, f"/zones/{hall.zone}")
    assert "盤 と通信できません" in text
    assert "09:00 現在" in text


def test_forgetting_asks_for_a_reason_and_a_tick(hall: Any) -> None:
    hall.walks(hall.ann)
    hall.walks(hall.bob)
    hall.inside()
    one = f"/zones/{hall.zone}/people/{hall.ann}/forgive"
    assert one in page(hall.client, f"/zones/{hall.zone}")
    assert "安藤" in page(hall.client, one)
    assert send(hall.client, one, sure="yes").status_code == 422
    assert send(hall.client, one, reason="鍵を返した").status_code == 422
    assert hall.inside() == [hall.ann, hall.bob]
    done = send(hall.client, one, reason="鍵を返した", sure="yes")
    assert (done.status_code, done.headers["Location"]) == (303, f"/zones/{hall.zone}")
    assert hall.inside() == [hall.bob]
    everybody = f"/zones/{hall.zone}/forgive"
    assert send(hall.client, everybody, reason="閉館").status_code == 422
    assert send(hall.client, everybody, reason="閉館", sure="yes").status_code == 303
    assert hall.inside() == []
    assert "最後の取消し" in page(hall.client, f"/zones/{hall.zone}")


def test_who_may_not_know_people_sees_the_number_and_nothing_to_do(
    hall: Any, as_role: Callable[[Role], TestClient]
) -> None:
    hall.walks(hall.ann)
    hall.inside()
    viewer = as_role(Role.VIEWER)
    text = page(viewer, f"/zones/{hall.zone}")
    assert "1 人" in text
    assert "安藤" not in text
    assert "/forgive" not in text
    assert viewer.get(f"/zones/{hall.zone}/forgive", headers=HTML).status_code == 403


@pytest.mark.parametrize("language", list(Language))
def test_a_doors_page_tells_its_hold_its_first_person_and_its_zone(
    hall: Any, hub_town: Any, language: Language
) -> None:
    t = Translator(language)
    at = f"/doors/{hall.back}"
    week = [{"days": [0, 1, 2, 3, 4], "spans": [[510, 720], [780, 1035]]}]
    schedule = hall.add("schedules", name="平日", name_en="Weekdays", week=week)
    rules = {"hold_schedule": schedule, "first_person": "entry", "two_person": True}
    hall.change("doors", hall.back, **rules)
    text = page(hall.client, at, language)
    assert "8:30–12:00" in text
    assert "13:00–17:15" in text
    assert t("door_rules.holds_now") in text  # Monday, nine
    assert t("door_rules.first_entry") in text
    assert t("door_rules.nobody_is_first") in text
    assert t("door_rules.within", seconds=30) in text
    assert f"/zones/{hall.zone}" in text
    assert t("door.held_by_schedule") in text  # who could open it now: everybody
    hub_town.card(hall.ann)
    hall.add("grants", door_id=hall.back, person_id=hall.ann, first_person=True)
    text = page(hall.client, at, language)
    assert t("door_rules.nobody_is_first") not in text
    assert "安藤" in text


def test_a_door_without_rules_shows_none(hall: Any) -> None:
    hall.change("doors", hall.front, zone_in=None)
    assert "開け方の規則" not in page(hall.client, f"/doors/{hall.front}")
