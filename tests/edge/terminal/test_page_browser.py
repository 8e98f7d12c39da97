"""The kiosk's page in a real browser, in front of a real agent: touch, and the keyboard alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from edge.agent import Agent
from edge.bootstrap import build
from edge.drivers.virtual import VirtualDriver
from edge.settings import load_settings
from tests.edge.terminal.installation import DEVICE, Installation, card_number

pytestmark = pytest.mark.browser
SIZES = ((800, 480), (1280, 800))
AXE = Path(__file__).parents[2] / "system" / "browser" / "vendor" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PICTURES = os.environ.get("KAGIMORI_PICTURES")
"""A folder in which the pages are kept, to be looked at."""


class Kiosk:
    """A terminal: its agent, its reader, and the browser in front of it."""

    def __init__(
        self, agent: Agent, site: VirtualDriver, browser: webdriver.Chrome, port: int
    ) -> None:
        self.agent, self.site, self.browser = agent, site, browser
        browser.get(f"http://127.0.0.1:{port}/")
        self.sees("カードをかざしてください")

    def tap(self, number: int | None) -> None:
        identity = b"unknown" if number is None else card_number(number)
        self.site.tap(DEVICE, "uid", identity)

    def key(self, direction: str) -> None:
        self.browser.find_element(By.CSS_SELECTOR, f"[data-direction={direction}]").click()

    def types(self, keys: str) -> None:
        self.browser.find_element(By.TAG_NAME, "body").send_keys(keys)

    def text(self, selector: str = "body") -> str:
        return self.browser.find_element(By.CSS_SELECTOR, selector).text

    def sees(self, text: str, selector: str = "body") -> None:
        WebDriverWait(self.browser, 10, 0.02).until(lambda _: text in self.text(selector))

    def fits(self) -> bool:
        """Whether nothing is cut off: no element reaches out of the window or its place."""
        return bool(
            self.browser.execute_script(
                """
                const root = document.documentElement;
                const main = document.querySelector("main");
                const keys = document.querySelector("#keys");
                const said = [...main.querySelectorAll("#said *, #shape, #today")];
                const box = main.getBoundingClientRect();
                const inside = said.filter((one) => one.offsetParent).every((one) => {
                  const own = one.getBoundingClientRect();
                  return own.top >= box.top - 1 && own.bottom <= box.bottom + 1 &&
                    own.left >= 0 && own.right <= innerWidth + 1;
                });
                return root.scrollWidth <= innerWidth && root.scrollHeight <= innerHeight &&
                  keys.getBoundingClientRect().bottom <= innerHeight && inside;
                """
            )
        )

    def looks_well(self) -> None:
        """Everything fits, and axe finds nothing that keeps somebody from reading it."""
        assert self.fits()
        self.browser.execute_script(AXE.read_text(encoding="utf-8"))
        run = f"axe.run({{runOnly: {json.dumps(RULES)}}}).then(r => JSON.stringify(r.violations))"
        found = self.browser.execute_async_script(f"{run}.then(arguments[0])")
        assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in json.loads(found)] == []

    def picture(self, name: str) -> None:
        if PICTURES:
            width, height = self.browser.execute_script("return [innerWidth, innerHeight]")
            self.browser.save_screenshot(str(Path(PICTURES) / f"{name}-{width}x{height}.png"))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    yield made
    made.quit()


@pytest.fixture
def kiosk(
    tmp_path: Path, chromium: webdriver.Chrome, request: pytest.FixtureRequest
) -> Iterator[Kiosk]:
    width, height = getattr(request, "param", SIZES[0])
    chromium.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    installed = Installation.make(tmp_path, terminal="shown_s = 2\nask_s = 5\n")
    site = VirtualDriver()
    agent = build(load_settings(installed.file), drivers={"site": site})
    agent.start()
    assert agent._page is not None
    assert agent._page.listening.wait(10)
    yield Kiosk(agent, site, chromium, installed.port)
    agent.stop()
    bad = [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in bad if "ERR_" not in line["message"]], bad


@pytest.mark.parametrize("kiosk", SIZES, indirect=True)
def test_a_day_at_the_terminal(kiosk: Kiosk) -> None:
    """Every state says its word, has its shape, and fits."""
    kiosk.sees("ハブに届いていません")
    kiosk.picture("idle")
    kiosk.looks_well()
    kiosk.key("in")
    kiosk.sees("「出勤」を選びました")
    kiosk.sees("選択中", "[data-direction=in]")
    kiosk.picture("chosen")
    kiosk.looks_well()
    kiosk.tap(0)
    kiosk.sees("出勤を記録しました")
    assert kiosk.text("#name") == "山田"
    assert kiosk.text("#shape") == "✓"
    assert "出勤" in kiosk.text("#today")
    kiosk.picture("recorded")
    kiosk.looks_well()
    kiosk.tap(0)
    kiosk.sees("すでに")
    assert kiosk.text("#shape") == "✓✓"
    kiosk.picture("repeated")
    kiosk.looks_well()
    kiosk.tap(1)
    kiosk.sees("どれですか")
    kiosk.sees("あと")
    kiosk.picture("ask")
    kiosk.looks_well()
    kiosk.key("break_start")
    kiosk.sees("休憩開始を記録しました")
    kiosk.tap(None)
    kiosk.sees("登録されていないカードです")
    assert kiosk.text("#shape") == "✕"
    assert "人事担当" in kiosk.text("main")
    kiosk.picture("denied")
    kiosk.looks_well()
    kiosk.site.unplug(DEVICE)
    kiosk.sees("カード読取機が応答しません")
    kiosk.picture("reader-away")
    kiosk.looks_well()


def test_the_keyboard_alone_is_enough(kiosk: Kiosk) -> None:
    for key, said in zip("1234", ("出勤", "退勤", "休憩始", "休憩終"), strict=True):
        kiosk.types(key)
        kiosk.sees(f"「{said}」を選びました")
    kiosk.types("2")
    kiosk.sees("「退勤」を選びました")
    kiosk.tap(0)
    kiosk.sees("退勤を記録しました")
    body = kiosk.browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    for _ in range(8):
        focused = kiosk.browser.switch_to.active_element
        if focused.get_attribute("data-direction") == "in":
            break
        focused.send_keys(Keys.TAB)
    focused.send_keys(Keys.ENTER)
    kiosk.sees("「出勤」を選びました")


def test_a_name_goes_after_seconds_and_is_in_no_page_that_is_opened_then(kiosk: Kiosk) -> None:
    kiosk.types("1")
    kiosk.sees("「出勤」を選びました")
    kiosk.tap(0)
    kiosk.sees("山田")
    kiosk.sees("ボタンを選んで", "h1")
    assert "山田" not in kiosk.browser.page_source
    kiosk.browser.refresh()
    kiosk.sees("ボタンを選んで", "h1")
    assert "山田" not in kiosk.browser.page_source


def test_each_language_and_back_to_the_first_one(kiosk: Kiosk) -> None:
    for language, word in (("en", "hold your card"), ("ja-easy", "カードをつけてください")):
        kiosk.browser.find_element(By.CSS_SELECTOR, f"[data-language={language}]").click()
        kiosk.sees(word)
        kiosk.tap(None)
        kiosk.sees({"en": "not registered", "ja-easy": "知らないカードです"}[language])
        kiosk.looks_well()
        kiosk.picture(f"denied-{language}")
        kiosk.sees({"en": "Choose", "ja-easy": "ボタンをおして"}[language], "h1")
    assert kiosk.text("[data-direction=out]").startswith("2")


def test_a_page_whose_agent_is_gone_says_so_and_shows_no_name(kiosk: Kiosk) -> None:
    kiosk.types("1")
    kiosk.sees("「出勤」を選びました")
    kiosk.tap(0)
    kiosk.sees("山田")
    kiosk.browser.execute_script("heard = Date.now() - 60000")
    kiosk.agent.stop()
    kiosk.sees("端末が動いていません")
    assert "山田" not in kiosk.text()


def test_from_the_card_to_the_name_on_the_screen_it_takes_half_a_second_at_most(
    kiosk: Kiosk,
) -> None:
    kiosk.browser.execute_script(
        """
        window.shown = [];
        new MutationObserver(() => {
          if (document.querySelector("#name").textContent) {
            requestAnimationFrame(() => window.shown.push(Date.now()));
          }
        }).observe(document.querySelector("#name"), {childList: true});
        """
    )
    took = []
    for number in range(3):
        kiosk.types("1")
        kiosk.sees("「出勤」を選びました")
        kiosk.browser.execute_script("window.shown = []")
        tapped_ms = time.time() * 1_000
        kiosk.tap(number)
        kiosk.sees("出勤を記録しました")
        WebDriverWait(kiosk.browser, 5, 0.02).until(lambda b: b.execute_script("return shown[0]"))
        took.append(kiosk.browser.execute_script("return shown[0]") - tapped_ms)
    assert max(took) < 500, took
