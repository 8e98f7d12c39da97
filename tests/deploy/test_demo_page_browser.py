"""The page of simulated doors in a real browser: what is pressed moves, what moves is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from deploy.demo.page.app import build_page
from deploy.demo.plan import CLOCK_OUT, DOORS, GYM_DOOR, TERMINALS
from deploy.demo.tap_answers import TapAnswers
from deploy.demo.virtual_card_service import VirtualReader
from deploy.demo.world import World
from deploy.mosquitto.process import free_port

pytestmark = pytest.mark.browser


class Visits:
    """In place of a clerk with a laptop."""

    def visit(self, purpose: str) -> dict[str, int]:
        return {"journaled": 7}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A world, and where its page is."""
    world = World(1, {plan.key: VirtualReader(plan.reader_name).port for plan in TERMINALS})
    port = free_port()
    page = build_page(world, port, "https://localhost", TapAnswers(tmp_path / "no-agent"), Visits())
    config = uvicorn.Config(
        page,
        port=port,
        log_level="error",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.02)
    yield world, f"http://127.0.0.1:{port}/"
    server.should_exit = True
    world.close()
    thread.join(10)


@pytest.fixture
def browser(tmp_path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    yield made
    made.quit()


def test_what_is_pressed_moves_and_what_moves_is_seen(served, browser):
    world, url = served
    browser.get(url)
    door = browser.find_element(By.CSS_SELECTOR, f"[data-door={GYM_DOOR}]")

    def shows(selector: str, text: str) -> None:
        place = browser.find_element(By.CSS_SELECTOR, selector)
        WebDriverWait(browser, 10, 0.05).until(lambda _: text in place.text)

    shows(f"[data-door={GYM_DOOR}] [data-leaf]", "closed")
    door.find_element(By.CSS_SELECTOR, "[data-do=pull]").click()
    shows(f"[data-door={GYM_DOOR}] [data-message]", "the bolt is out")
    door.find_element(By.CSS_SELECTOR, "[data-do=force]").click()
    shows(f"[data-door={GYM_DOOR}] [data-leaf]", "open")
    browser.find_element(By.CSS_SELECTOR, "[data-site=gym] [data-cable=out]").click()
    shows("[data-site=gym] [data-cable-state]", "cut off")
    assert not world.cables["gym"].plugged
    browser.find_element(By.CSS_SELECTOR, f"[data-terminal={CLOCK_OUT}] [data-lay=hanako]").click()
    shows(f"[data-terminal={CLOCK_OUT}] [data-message]", "no answer")
    refused = [one["message"] for one in browser.get_log("browser") if "409" not in one["message"]]
    assert refused == [], "the content policy or a script failed"


def test_a_keyboard_types_on_the_keypad_that_has_the_focus(served, browser, monkeypatch):
    """Digits are echoed as dots, arrive in their order, and # ends them; other keys do nothing."""
    world, url = served
    pressed: list[str] = []
    monkeypatch.setattr(world.door(DOORS[0]), "press", pressed.append)
    browser.get(url)
    keypad = browser.find_element(By.CSS_SELECTOR, f"[data-door={GYM_DOOR}] [data-keypad]")
    typed = browser.find_element(By.CSS_SELECTOR, f"[data-door={GYM_DOOR}] [data-typed]")
    keypad.send_keys("12a3")
    keypad.find_element(By.CSS_SELECTOR, "[data-key='4']").click()
    WebDriverWait(browser, 10, 0.05).until(lambda _: typed.text == "● ● ● ●")
    keypad.send_keys("567890*#")
    WebDriverWait(browser, 10, 0.05).until(lambda _: "".join(pressed) == "1234567890*#")
    assert typed.text == ""


def test_the_key_box_answers_what_is_typed_and_its_log_is_fetched(served, browser):
    world, url = served
    browser.get(url)

    def shows(selector: str, text: str) -> None:
        place = browser.find_element(By.CSS_SELECTOR, f"[data-box] {selector}")
        WebDriverWait(browser, 10, 0.05).until(lambda _: text in place.text)

    shows("[data-inside]", "there")
    browser.find_element(By.CSS_SELECTOR, "[data-box] [data-keypad]").send_keys("123456789#")
    shows("[data-light]", "refused")
    browser.find_element(By.CSS_SELECTOR, "[data-box] [data-do=open]").click()
    shows("[data-message]", "the lid is shut")
    world.box._simulated.do(lambda box, _now_ns: box.release(60_000))
    shows("[data-bolt]", "retracted")
    for act, selector, text in (
        ("open", "[data-leaf]", "open"),
        ("take", "[data-inside]", "taken"),
        ("return", "[data-inside]", "there"),
        ("close", "[data-leaf]", "closed"),
    ):
        browser.find_element(By.CSS_SELECTOR, f"[data-box] [data-do={act}]").click()
        shows(selector, text)
    browser.find_element(By.CSS_SELECTOR, "[data-box] [data-visit]").click()
    shows("[data-message]", "7 records")
    assert browser.find_elements(By.CSS_SELECTOR, "[data-box] [data-message].good")
    shows("[data-light]", "—")


def test_everything_to_press_is_on_the_first_screen(served, browser):
    """At 1280 by 900 all three sites with keypads, bolts, leaves, cards and cables; on a phone
    nothing is cut off to the side."""
    browser.get(served[1])
    for width, height in ((1280, 900), (360, 780)):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        if width == 1280:
            bottoms = browser.execute_script(
                "return [...document.querySelectorAll('main button, main dd')]"
                ".map(one => one.getBoundingClientRect().bottom)"
            )
            assert len(bottoms) > 40
            assert max(bottoms) <= height
