"""What residents do, in a real browser: book with the keyboard, see the PIN, cancel."""

from __future__ import annotations

import re
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser
NUMBERS = iter(range(1_000, 9_000))


def book(browser: Any, town: Any, place: str, start: str, end: str, day: str) -> None:
    """Fill in the form of a place and send it."""
    browser.open(f"/book/{town.ids[place]}?day={day}&lang=ja")
    for name, value in (("start", start), ("end", end)):
        browser.run("document.getElementById(arguments[0]).value = arguments[1]", name, value)
    browser.find("#name").send_keys("山田 花子")
    browser.find("#phone").send_keys(f"090-0000-{next(NUMBERS)}")
    browser.find("main form button").click()


def pin_of(browser: Any) -> str:
    """The digits on the page."""
    return re.sub(r"\s", "", str(browser.run("return document.querySelector('.pin').innerText")))


def test_a_booking_is_made_with_the_keyboard_alone(fresh: Any, town: Any) -> None:
    """From the list of places to the PIN, no pointer touched; GET changed nothing on the way."""
    fresh.open("/book?day=2026-11-21&lang=ja")
    assert "開始の 15 分前" not in fresh.text()
    fresh.run("document.querySelector(`a[href^='/book/${arguments[0]}']`).focus()", town.ids["gym"])
    fresh.driver.switch_to.active_element.send_keys(Keys.ENTER)
    fresh.wait(lambda: "開始の 15 分前" in fresh.text())
    fresh.run("document.getElementById('start').focus()")
    active = fresh.driver.switch_to.active_element
    active.send_keys("09:00", Keys.TAB)
    fresh.driver.switch_to.active_element.send_keys("10:30", Keys.TAB)
    fresh.driver.switch_to.active_element.send_keys("山田 花子", Keys.TAB)
    fresh.driver.switch_to.active_element.send_keys("090-1111-2222", Keys.TAB)
    fresh.driver.switch_to.active_element.send_keys(Keys.TAB)
    fresh.driver.switch_to.active_element.send_keys("バドミントン", Keys.ENTER)
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    assert "09:00–10:30" in fresh.text()
    assert len(pin_of(fresh)) >= 6
    assert fresh.complaints() == []


@pytest.mark.parametrize("language", ["ja", "ja-easy", "en"])
def test_the_pin_is_big_grouped_and_seen_without_scrolling(
    fresh: Any, town: Any, language: str
) -> None:
    """At 360 by 640: PIN, time, steps and telephone; at least 40 px; nothing to the side."""
    hour = 11 + ["ja", "ja-easy", "en"].index(language)
    book(fresh, town, "gym", f"{hour}:00", f"{hour}:30", "2026-11-21")
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    fresh.size(360, 640)
    fresh.open(f"/pin?lang={language}")
    size = fresh.run("return parseFloat(getComputedStyle(document.querySelector('.pin')).fontSize)")
    assert size >= 40
    groups = fresh.run("return [...document.querySelectorAll('.pin span')].map(s => s.innerText)")
    assert [len(group) for group in groups] == [2, 2, 2]
    assert fresh.run("return document.documentElement.scrollWidth") <= 360
    for selector in (".pin", "#when", ".steps", "main .phone", "#help"):
        bottom = fresh.run(
            "return document.querySelector(arguments[0]).getBoundingClientRect().bottom", selector
        )
        assert bottom <= 640, selector
    digits = "".join(groups)
    assert digits not in fresh.driver.title
    assert digits not in fresh.driver.current_url
    fresh.size(320, 640)
    assert fresh.run("return document.documentElement.scrollWidth") <= 320


def test_before_the_window_the_page_says_from_when(fresh: Any, town: Any) -> None:
    """With the facility's margins; then that it is usable now; then that it is over."""
    began = town.clock.now()
    book(fresh, town, "gym", "15:00", "16:00", "2026-11-20")
    fresh.wait(lambda: "14:45 から使えます" in fresh.text())
    town.clock.set(began.replace(hour=6, minute=30))
    fresh.driver.refresh()
    assert "いま使えます（16:15 まで）" in fresh.text()
    town.clock.set(began.replace(hour=7, minute=30))
    fresh.driver.refresh()
    assert "利用時間は終わりました" in fresh.text()
    assert fresh.run("return document.querySelectorAll('.pin').length") == 0
    town.clock.set(began)


def test_the_time_until_the_pin_works_is_counted_down(fresh: Any, town: Any) -> None:
    """By itself; when it is over, the page says that the PIN works now."""
    began = town.clock.now()
    book(fresh, town, "gym", "16:30", "17:00", "2026-11-20")
    fresh.wait(lambda: "16:15 から使えます" in fresh.text())
    assert "あと7時間15分" in fresh.text()
    town.clock.set(began.replace(hour=7, minute=14, second=59))
    fresh.driver.refresh()
    fresh.wait(
        lambda: fresh.run("return document.querySelector('.countdown').innerText") == "あと1分"
    )
    town.clock.set(began.replace(hour=7, minute=15))
    fresh.wait(lambda: "いま使えます（17:15 まで）" in fresh.text())
    assert fresh.run("return document.querySelectorAll('.countdown').length") == 0
    town.clock.set(began)
    assert fresh.complaints() == []


def test_a_request_waits_until_staff_approve_it(fresh: Any, town: Any) -> None:
    """No PIN before; afterwards the same page shows it."""
    book(fresh, town, "room", "17:00", "18:00", "2026-11-21")
    fresh.wait(lambda: "職員が確認しています" in fresh.text())
    assert fresh.run("return document.querySelectorAll('.pin').length") == 0
    fresh.open("/login")
    fresh.find("#login").send_keys("admin")
    fresh.find("#password").send_keys("kagi-mori-2026", "\n")
    fresh.wait(lambda: "承認待ち" in fresh.text())
    fresh.open("/bookings?state=requested")
    rows = fresh.driver.find_elements("css selector", ".day-list li")
    next(row for row in rows if "17:00" in row.text).find_element("css selector", "a").click()
    fresh.wait(lambda: fresh.run("return !!document.querySelector(\"form[action$='/approve']\")"))
    fresh.find("form[action$='/approve'] button").click()
    fresh.wait(lambda: fresh.run("return !!document.querySelector(\"form[action$='/pin']\")"))
    fresh.find("form[action$='/pin'] button").click()
    fresh.wait(lambda: "監査記録に残しました" in fresh.text())
    told = pin_of(fresh)
    fresh.open("/pin")
    assert pin_of(fresh) == told


def test_a_booking_is_cancelled_by_a_form_and_its_pin_is_gone(fresh: Any, town: Any) -> None:
    """Opening the page cancels nothing."""
    book(fresh, town, "gym", "19:00", "20:00", "2026-11-21")
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    assert pin_of(fresh)
    fresh.find("#cancel summary").click()
    fresh.find("#cancel button").click()
    fresh.wait(lambda: "取り消されました" in fresh.text())
    fresh.open("/pin")
    assert "このリンクはもう使えません" in fresh.text()


def test_a_link_works_once_and_only_by_its_button(fresh: Any, town: Any) -> None:
    """A mail scanner that follows it uses up nothing; a second browser finds nothing."""
    book(fresh, town, "gym", "20:00", "21:00", "2026-11-21")
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    shown = pin_of(fresh)
    booking = fresh.run("return document.querySelector('#cancel [name=booking]').value")
    path = town.link(booking)
    for _ in range(2):
        fresh.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        fresh.open(path)
        assert shown not in fresh.text().replace(" ", "")
    fresh.find("#show").click()
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    assert pin_of(fresh) == shown
    fresh.open(path)
    fresh.find("#show").click()
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    fresh.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    fresh.open(path)
    fresh.find("#show").click()
    fresh.wait(lambda: "このリンクはもう使えません" in fresh.text())


def test_the_form_says_what_is_missing_and_keeps_what_was_written(fresh: Any, town: Any) -> None:
    """Beside the field, joined to it for screen readers, and again at the top."""
    fresh.open(f"/book/{town.ids['gym']}?day=2026-11-22&lang=ja")
    fresh.find("#purpose").send_keys("合唱")
    fresh.run("document.querySelector('main form').noValidate = true")
    fresh.find("main form button").click()
    fresh.wait(lambda: "お名前を書いてください。" in fresh.text())
    described = fresh.run("return document.getElementById('name').getAttribute('aria-describedby')")
    assert described == "name-error"
    assert fresh.run("return document.getElementById('purpose').value") == "合唱"
    assert all("422" in line for line in fresh.complaints())


def test_a_time_that_somebody_else_took_meanwhile_is_told(fresh: Any, town: Any) -> None:
    """The second of two finds out at once, in words."""
    book(fresh, town, "gym", "09:00", "10:00", "2026-11-23")
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    fresh.open(f"/book/{town.ids['gym']}?day=2026-11-23")
    starts = fresh.run("return [...document.getElementById('start').options].map(o => o.value)")
    assert "09:00" not in starts
    fresh.run(
        "for (const [id, v] of [['start', '09:30'], ['end', '10:30']]) {"
        "const o = document.createElement('option'); o.value = v;"
        "document.getElementById(id).append(o); document.getElementById(id).value = v; }"
    )
    fresh.find("#name").send_keys("鈴木 健")
    fresh.find("#phone").send_keys("090-5555-0000")
    fresh.find("main form button").click()
    fresh.wait(lambda: fresh.run("return !!document.querySelector('#start-error')"))


def test_residents_pages_work_without_javascript(fresh: Any, town: Any) -> None:
    """Book and see the PIN with scripts switched off."""
    fresh.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        fresh.open(f"/book/{town.ids['gym']}?day=2026-11-24&lang=ja")
        fresh.find("#name").send_keys("山田 花子")
        fresh.find("#phone").send_keys("090-7777-0000")
        fresh.find("#end").send_keys("10:00")
        fresh.find("main form button").click()
        fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
        assert re.search(r"あと3日と\d+時間（09:00 の時点）", fresh.told(".countdown"))
        assert len(fresh.told(".pin").replace("\n", "").replace(" ", "")) >= 6
    finally:
        fresh.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
