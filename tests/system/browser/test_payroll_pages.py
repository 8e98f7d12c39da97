"""The pages of payroll in a browser: axe finds nothing, nothing is cut off, and a profile is
changed, looked at and kept by keyboard alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from selenium.webdriver.common.keys import Keys

from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.payroll.profile import Column, Profile, RowKind
from hub.payroll.service import PayrollService
from hub.web.rights import SYSTEM, Role
from tests.hub.payroll.offices import Office
from tests.system.browser.test_accessibility import judge, violations

pytestmark = pytest.mark.browser
OCTOBER = [date(2026, 10, day) for day in (1, 2, 5, 6, 7, 8, 9)]


@pytest.fixture
def office(town: Any) -> None:
    """Somebody who works overtime in October, past midnight once."""
    accounts = town.hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="payroll", role=Role.ADMIN)
    client = TestClient(create_app(town.hub), base_url=town.url)
    client.headers["Authorization"] = f"Bearer {token}"
    with_department = client.get("/api/v1/staff/departments").json()["items"]
    if not any(each["code"] == "0101" for each in with_department):
        made = Office(town.hub, client, town.clock)
        made.last = 9_000_000  # beside what controllers told
        aoki = made.hire(
            "青木 結", "あおき ゆい", "20427"
        )  # the first of the list, whoever else is there
        for day in OCTOBER:
            made.worked(aoki, day, 505, 1455 if day.day == 6 else 1100)
    client.close()


def test_the_pages_of_payroll_are_accessible(staff: Any, office: None) -> None:
    """The list, the book, the editor."""
    paths = [
        "/payroll?month=2026-10",
        "/payroll/sheets/2026-10?",
        "/payroll/profiles/new?copy=daily",
    ]
    assert [each for path in paths for each in judge(staff, f"{path}&lang=ja")] == []


_STEPS = """
    const kinds = 'a[href], button, input, select, textarea, summary, [tabindex]';
    const stops = [...document.querySelectorAll(kinds)]
      .filter(each => each.tabIndex >= 0 && each.checkVisibility({visibilityProperty: true}));
    const here = document.activeElement;
    const before = stops.filter(each => here !== document.body && (each === here
      || here.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING)).length;
    return stops.findIndex(each => each.matches(arguments[0])) + 1 - before"""


def tab_to(browser: Any, selector: str) -> None:
    """Press Tab until an element has the focus; some fields are several stops, never less."""
    here = "return document.activeElement.matches(arguments[0])"
    browser.driver.switch_to.active_element.send_keys(Keys.TAB * browser.run(_STEPS, selector))
    for _ in range(20):
        if browser.run(here, selector):
            return
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    pytest.fail(f"Tab does not reach {selector}")


def press(browser: Any, selector: str, then: str) -> None:
    """Go to a button and press Enter; wait until the page that comes has the focus there."""
    tab_to(browser, selector)
    browser.run("document.documentElement.dataset.before = '1'")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    another = "!document.documentElement.dataset.before"
    there = f"return {another} && !!document.activeElement?.matches(arguments[0])"
    browser.wait(lambda: browser.run(there, then))


def type_in(browser: Any, text: str) -> None:
    """Write over what the field with the focus says."""
    browser.driver.switch_to.active_element.send_keys(Keys.CONTROL + "a" + Keys.NULL + text)


def test_a_profile_is_changed_by_keyboard_alone(staff: Any, town: Any, office: None) -> None:
    """A column is added, moved up twice, looked at with real figures, and kept; the focus stays
    with the column, so that nobody tabs through the page for each step."""
    service = town.hub.services.get(PayrollService)
    columns = tuple(
        Column(title=each, field=each) for each in ("staff_number", "work_date", "name")
    )
    begun = service.make_profile(
        SYSTEM, "始め", Profile(title="x", rows=RowKind.DAY, columns=columns)
    )
    staff.open(f"/payroll/profiles/{begun.id}?lang=ja")
    tab_to(staff, "#name")
    type_in(staff, "鍵盤だけで")
    press(staff, "button[value=add]", "#title_3")
    type_in(staff, "備考")
    press(staff, "#up_3", "#up_2")
    press(staff, "#up_2", "#up_1")
    press(staff, "button[value=preview]", "#preview")
    shown = staff.run(
        "return [...document.querySelectorAll('#preview tr')]"
        ".map(row => [...row.cells].map(cell => cell.innerText))"
    )
    assert shown[0] == ["staff_number", "備考", "work_date", "name"]
    # Whose days come first depends on who else is employed in this town by now.
    number, blank, work_date, name = shown[1]
    assert (bool(number), blank, work_date[:8], bool(name)) == (True, "", "2026/10/", True)
    assert violations(staff) == []
    press(staff, "button.button[value=save]", "body")
    assert staff.driver.current_url == f"{town.url}/payroll"
    kept = service.profile(begun.id)
    assert (kept.name, [each.title for each in kept.profile.columns]) == ("鍵盤だけで", shown[0])
    service.drop_profile(SYSTEM, begun.id)
