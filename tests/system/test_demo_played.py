"""The demonstration as a newcomer plays it: in a browser, with a booking made just now."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

# One worker, so that one demo serves all of them.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

TOKYO = ZoneInfo("Asia/Tokyo")
SLOT = timedelta(minutes=15)
DAY = timedelta(days=1)
AT_ONCE = "体育館 卓球室"
ASKED_FOR = "体育館 アリーナ"


@pytest.fixture(scope="module")
def demo() -> Iterator[dict[str, Any]]:
    """The demo as `make demo` starts it, and what it prints."""
    with tempfile.TemporaryDirectory(prefix="kgm-") as place:
        command = [sys.executable, "-m", "deploy.demo.cli", "--json", "--embedded"]
        command += ["--directory", f"{place}/demo"]
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.terminate()
            running.wait(30)
            running.stdout.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    with tempfile.TemporaryDirectory(prefix="kgm-", ignore_cleanup_errors=True) as place:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        arguments = ("--headless=new", "--no-sandbox", "--disable-gpu", "--lang=ja")
        for argument in (*arguments, "--accept-lang=ja", f"--user-data-dir={place}"):
            options.add_argument(argument)
        options.accept_insecure_certs = True
        made = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
        made.implicitly_wait(5)
        yield made
        made.quit()


class Newcomer:
    """Somebody with a browser and the demo's addresses."""

    def __init__(self, chrome: webdriver.Chrome, demo: dict[str, Any]) -> None:
        self.chrome = chrome
        self.hub: str = demo["hub"]
        self.doors: str = demo["doors"]
        self.passwords = {one["login"]: one["password"] for one in demo["logins"]}

    def find(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def wait(self, holds: Callable[[], object], timeout_s: float = 20) -> None:
        swapped = (StaleElementReferenceException,)  # the page put another element in its place
        waiting = WebDriverWait(self.chrome, timeout_s, 0.05, ignored_exceptions=swapped)
        waiting.until(lambda _: holds())

    def sees(self, selector: str, text: str) -> None:
        self.wait(lambda: text in self.find(selector).text)

    def meets(self, path: str, *texts: str) -> None:
        """Open a page of the hub again and again until all of it stands there."""

        def there() -> bool:
            self.chrome.get(self.hub + path)
            return all(text in self.find("main").text for text in texts)

        self.wait(there)

    def log_in(self, login: str) -> None:
        self.chrome.get(f"{self.hub}/login")
        self.find("#login").send_keys(login)
        self.find("#password").send_keys(self.passwords[login], "\n")
        self.wait(lambda: self.chrome.current_url == f"{self.hub}/")

    def book_next_slot(self, facility: str) -> None:
        """Book one slot from the next one on the clock, as the booking page offers it."""
        for _ in range(2):  # the clock may pass the slot's beginning while the form is filled in
            now = datetime.now(TOKYO)
            start = now.replace(minute=0, second=0, microsecond=0)
            while start <= now:
                start += SLOT
            self.chrome.get(f"{self.hub}/book?day={start.date()}&lang=ja")
            offered = f"//li[.//h3[text()='{facility}']]//a"
            self.chrome.find_element(By.XPATH, offered).click()
            ends = start + SLOT
            end = f"{ends:%H:%M}" if ends.date() == start.date() else "24:00"
            Select(self.find("#start")).select_by_visible_text(f"{start:%H:%M}")
            Select(self.find("#end")).select_by_visible_text(end)
            self.find("#name").send_keys("田中 実")
            self.find("#phone").send_keys("0000-00-0001")
            self.find("main form[method=post] button").click()
            if self.find(".pin-card, .error").get_attribute("class") != "error":
                return
        pytest.fail(self.find("main").text)

    def pin(self) -> str:
        """The PIN on the page, once its door has it."""

        def placed() -> bool:
            self.chrome.get(f"{self.hub}/pin")
            return "扉への登録を確認しています" not in self.find(".pin-card").text

        self.wait(placed)
        return self.find(".pin").text.replace(" ", "").replace("\n", "")


@pytest.fixture
def newcomer(chrome, demo) -> Newcomer:
    chrome.delete_all_cookies()
    return Newcomer(chrome, demo)


def test_a_hall_booked_now_opens_with_its_pin_and_stands_in_the_log(newcomer):
    """Booked on the page, PIN read from the page, typed on the simulated keypad: the bolt moves."""
    newcomer.book_next_slot(AT_ONCE)
    assert "いま使えます" in newcomer.find("#when").text
    pin = newcomer.pin()
    newcomer.chrome.get(newcomer.doors)
    door = "[data-door=gym_door]"
    newcomer.sees(f"{door} [data-secure]", "secured")
    newcomer.sees(f"{door} [data-bolt]", "extended")
    newcomer.find(f"{door} [data-keypad]").send_keys(pin)
    assert newcomer.find(f"{door} [data-typed]").text == " ".join("●" * len(pin))
    newcomer.find(f"{door} [data-key='#']").click()
    newcomer.sees(f"{door} [data-bolt]", "retracted")
    newcomer.find(f"{door} [data-do=pull]").click()
    newcomer.sees(f"{door} [data-leaf]", "open")
    newcomer.find(f"{door} [data-do=shut]").click()
    newcomer.log_in("clerk")
    newcomer.meets("/entries", "田中 実")


def test_the_other_hall_gives_its_pin_once_the_clerk_has_approved(newcomer):
    newcomer.chrome.get(f"{newcomer.hub}/book?day={datetime.now(TOKYO).date() + 2 * DAY}&lang=ja")
    newcomer.chrome.find_element(By.XPATH, f"//li[.//h3[text()='{ASKED_FOR}']]//a").click()
    newcomer.find("#name").send_keys("森 みどり")
    newcomer.find("#phone").send_keys("0000-00-0002")
    newcomer.find("main form[method=post] button").click()
    newcomer.sees("#when", "職員が確認しています")
    assert 'class="pin"' not in newcomer.chrome.page_source
    newcomer.log_in("clerk")
    newcomer.chrome.get(f"{newcomer.hub}/bookings?state=requested")
    newcomer.chrome.find_element(By.XPATH, "//li[contains(., '森 みどり')]//a").click()
    newcomer.find("form[action$='/approve'] button").click()
    newcomer.wait(lambda: "/approve" not in newcomer.chrome.page_source)
    assert len(newcomer.pin()) >= 6


def test_a_tap_clocks_in_and_another_terminal_clocks_out(newcomer):
    """What the agent made of the tap stands beside the terminal; who it was, on the hub's page."""
    newcomer.chrome.get(newcomer.doors)
    for terminal, card, told in (
        ("clock_in", "stranger", "unknown card"),
        ("clock_in", "hanako", "accepted"),
        ("clock_out", "hanako", "accepted"),
    ):
        place = f"[data-terminal={terminal}]"
        newcomer.find(f"{place} [data-lay={card}]").click()
        newcomer.sees(f"{place} [data-message]", told)
    newcomer.log_in("admin")
    newcomer.meets("/attendance", "佐藤 花子", "記録済み")


def test_at_the_terminal_with_a_screen_one_chooses_taps_and_sees_ones_name(newcomer, demo):
    """From the hub's list of people, sealed to the terminal, onto its screen for some seconds."""
    chrome = newcomer.chrome
    chrome.get(newcomer.doors)
    doors = chrome.current_window_handle
    chrome.switch_to.new_window("tab")
    screen = chrome.current_window_handle
    chrome.get(demo["terminal"])
    newcomer.sees("h1", "ボタンを選んで")
    newcomer.find("[data-direction=break_start]").click()
    newcomer.sees("h1", "「休憩始」を選びました")
    chrome.switch_to.window(doors)
    place = "[data-terminal=attendance]"
    newcomer.find(f"{place} [data-lay=ichiro]").click()
    newcomer.sees(f"{place} [data-message]", "accepted")
    chrome.switch_to.window(screen)
    newcomer.sees("h1", "休憩開始を記録しました")
    assert newcomer.find("#name").text == "鈴木"
    newcomer.sees("h1", "ボタンを選んで")
    assert "鈴木" not in chrome.page_source
    chrome.close()
    chrome.switch_to.window(doors)
