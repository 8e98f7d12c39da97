"""The pages of staff, cards, card keys, rights and people who are not staff: axe finds nothing,
nothing is cut off at 320 px, and a person is taken up by keyboard alone."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.web.rights import SYSTEM, Role
from tests.system.browser.test_accessibility import LANGUAGES, judge

pytestmark = pytest.mark.browser


def furnished(town: Any) -> dict[str, str]:
    """Staff with cards, a key set in the midst of a move, somebody who is not staff, an enrolment
    that ended; give their ids."""
    accounts = town.hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="desk", role=Role.ADMIN)
    client = TestClient(create_app(town.hub), base_url=town.url)
    client.headers["Authorization"] = f"Bearer {token}"
    try:
        return _made(client, town.ids)
    finally:
        client.close()


def _made(client: TestClient, ids: dict[str, str]) -> dict[str, str]:
    def add(path: str, **body: object) -> str:
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    found = client.get("/api/v1/card-key-sets").json()["items"]
    if found:
        person = client.get("/api/v1/cards").json()["items"][0]["person_id"]
        outsider = client.get("/api/v1/people").json()["items"][-1]["id"]
        made = {"set": found[0]["id"], "person": person, "outsider": outsider}
        return made | _granted(client)
    hall = add("staff/departments", code="01", name="総務課")
    person = add("people", name="山田 花子", name_kana="やまだ はなこ", staff_number="10427")
    place = {"department_id": hall, "kind": "regular", "starts_on": "2026-04-01", "ends_on": None}
    add(f"staff/people/{person}/employments", **place, post="主査", heads=True)
    group = add("groups", name="体育館職員")
    client.put(f"/api/v1/groups/{group}/members", json={"person_ids": [person]})
    add("grants", zone_id=ids["zone"], group_id=group, needs_pin=True)
    week = [{"days": [0, 1, 2, 3, 4], "spans": [[510, 1035]]}, {"days": [5], "spans": [[510, 720]]}]
    hours = add("schedules", name="平日昼間", week=week, exceptions=[{"day": "2026-12-28"}])
    add("grants", door_id=ids["door"], person_id=person, schedule_id=hours, note="夜間の点検")
    set_id = add("card-key-sets", name="職員証 2026", profile="desfire-ev2-aes")
    for number, label in ((1, "職員証 10427"), (2, "職員証 予備")):
        identity = f"04782E21801D8{number}"
        card = {"namespace": "uid", "identity": identity, "key_set_id": set_id, "label": label}
        add("cards", **card, person_id=person)
    add("cards", namespace="felica", identity="01" * 8, person_id=person, label="通勤のカード")
    client.post(f"/api/v1/card-key-sets/{set_id}/master", json={})
    outsider = add(
        "people",
        name="佐藤 守",
        name_kana="さとう まもる",
        organisation="鍵守警備",
        ends_at="2027-03-31T15:00:00Z",
    )
    client.put(f"/api/v1/groups/{group}/members", json={"person_ids": [person, outsider]})
    made = {"set": set_id, "person": person, "outsider": outsider}
    return made | _granted(client)


def _granted(client: TestClient) -> dict[str, str]:
    grants = client.get("/api/v1/grants").json()["items"]
    grant = next(one for one in grants if one["group_id"])
    hours = next(one["schedule_id"] for one in grants if one["schedule_id"])
    return {"grant": grant["id"], "group": grant["group_id"], "schedule": hours}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_people_and_cards_are_accessible(staff: Any, town: Any, language: str) -> None:
    made = furnished(town)
    pages = [
        "/staff",
        "/staff/departments",
        f"/staff/people/{made['person']}",
        "/staff/leavers",
        "/outsiders",
        f"/outsiders/{made['outsider']}",
        "/cards",
        f"/cards/people/{made['person']}",
        "/cards/profiles",
        "/cards/keys",
        f"/cards/keys/{made['set']}",
        "/rights",
        f"/doors/{town.ids['door']}/who",
    ]
    if language == "ja":  # what they say is checked without a browser
        user = town.hub.services.get(AccountsService).users(None, 1).items[0]
        pages += ["/staff/new", "/accounts", "/accounts/new", f"/accounts/{user.id}"]
        pages += _giving(made)
    wrong = [found for page in pages for found in judge(staff, _in(page, language))]
    if folder := os.environ.get("KAGIMORI_SCREENSHOTS"):
        _pictures(staff, pages, Path(folder) / language)
    assert not wrong, "\n".join(wrong)


def _in(page: str, language: str) -> str:
    return f"{page}{'&' if '?' in page else '?'}lang={language}"


def _giving(made: dict[str, str]) -> list[str]:
    """The pages on which rights are given."""
    return [
        "/rights/given?ended=1",
        f"/rights/new?person={made['person']}",
        f"/rights/given/{made['grant']}",
        "/rights/groups",
        f"/rights/groups/{made['group']}",
        "/rights/schedules",
        f"/rights/schedules/{made['schedule']}",
    ]


def _pictures(browser: Any, pages: list[str], folder: Path) -> None:
    """For whoever looks at them."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in (390, 1280):
        for page in pages:
            browser.open(page)
            height = int(browser.run("return document.documentElement.scrollHeight"))
            browser.size(width, min(max(height, 800), 3000))
            name = page.strip("/").replace("/", "_")[:24]
            browser.driver.save_screenshot(str(folder / f"{name}-{width}.png"))
    browser.size(1280, 900)


def test_an_enrolment_page_that_ended_is_accessible_and_starts_again_by_a_key(
    staff: Any, town: Any
) -> None:
    from selenium.webdriver.common.keys import Keys

    made = furnished(town)
    staff.open(f"/cards/people/{made['person']}?lang=ja")
    staff.find("form.fields button").send_keys(Keys.ENTER)
    staff.wait(lambda: "/cards/enrolments/" in staff.driver.current_url)
    left = staff.find("[role=timer]").text
    staff.run("document.querySelector(\"form[action$='/cancel'] button\").focus()")
    town.clock.advance(timedelta(seconds=5))
    staff.wait(lambda: staff.find("[role=timer]").text != left)
    held = "return document.activeElement.closest('form')?.getAttribute('action') ?? ''"
    assert staff.run(held).endswith("/cancel"), "the page follows and disturbs nobody"
    waiting = staff.driver.current_url.removeprefix(staff.url)
    assert judge(staff, waiting) == []
    staff.find("form[action$='/cancel'] button").send_keys(Keys.ENTER)
    staff.wait(lambda: staff.run("return !!document.querySelector(\"form[action$='/again']\")"))
    place = staff.driver.current_url.removeprefix(staff.url)
    assert judge(staff, place) == []
    staff.find("form[action$='/again'] button").send_keys(Keys.ENTER)
    staff.wait(lambda: staff.driver.current_url.removeprefix(staff.url) != place)
    staff.find("form[action$='/cancel'] button").send_keys(Keys.ENTER)
