"""Somebody before a screen of the month's town: they follow links, fill in forms, press keys."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.system.browser.month_town import PASSWORD

_AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PICTURES = os.environ.get("KAGIMORI_PICTURES")
"""A folder in which the pages are kept, to be looked at."""
PHONE, DESK = (390, 844), (1280, 900)
_PATIENCE_S = 10.0


class Screen(Protocol):
    """The browser of `conftest`."""

    driver: webdriver.Chrome

    def size(self, width: int, height: int) -> None: ...
    def complaints(self) -> list[str]: ...
    def find(self, selector: str) -> WebElement: ...
    def text(self) -> str: ...


@dataclass
class Desk:
    """One browser, in front of the hub's pages or of the kiosk's."""

    screen: Screen
    hub: str
    pictures: int = 0

    @property
    def driver(self) -> webdriver.Chrome:
        return self.screen.driver

    def come(self, login: str, size: tuple[int, int]) -> None:
        """Somebody else comes, and logs in."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.screen.size(*size)
        self.driver.get(f"{self.hub}/login?lang=ja")
        self.screen.find("#login").send_keys(login)
        self.screen.find("#password").send_keys(PASSWORD, "\n")
        self.until(lambda: self.is_there() and "/login" not in self.at(), "logged in")

    def open(self, path: str) -> None:
        """Open a page of the hub by its address."""
        self.driver.get(self.hub + path)

    def menu(self, path: str) -> None:
        """Go where the menu leads, opening the part of it that holds the place."""
        link = self.screen.find(f"nav.nav a[href='{path}']")
        if not link.is_displayed():
            summary = "return arguments[0].closest('details').querySelector('summary')"
            self.driver.execute_script(summary, link).send_keys(Keys.ENTER)
        assert link.is_displayed(), path
        link.send_keys(Keys.ENTER)
        self.until(lambda: self.is_there() and self.at().startswith(path), path)

    def is_there(self) -> bool:
        """Whether the page is read to its end."""
        return bool(self.driver.execute_script("return document.readyState === 'complete'"))

    def at(self) -> str:
        """The path of the page that is shown."""
        return self.driver.current_url.removeprefix(self.hub)

    def main(self) -> str:
        """What the page says, without its frame."""
        return self.screen.find("main").text

    def sees(self, *texts: str, within_s: float = _PATIENCE_S) -> None:
        """Wait until all of these stand on the page."""
        for text in texts:
            self.until(lambda: text in self.main(), text, within_s)  # noqa: B023

    def meets(self, path: str, *texts: str) -> None:
        """Open a page again and again until all of these stand on it: work goes on behind it."""

        def there() -> bool:
            self.open(path)
            return all(text in self.main() for text in texts)

        self.until(there, f"{path}: {texts}", pause_s=0.1)

    def until(
        self,
        holds: Callable[[], bool],
        what: str,
        within_s: float = _PATIENCE_S,
        pause_s: float = 0.02,
    ) -> None:
        """Wait until something holds."""
        end = time.monotonic() + within_s
        while True:
            try:
                if holds():
                    return
            except (NoSuchElementException, StaleElementReferenceException):
                pass  # the next page is on its way
            if time.monotonic() > end:
                self.picture("missed")
                pytest.fail(f"{what} — {self.driver.current_url}\n{self.screen.text()[:3_000]}")
            time.sleep(pause_s)

    def follow(self, text: str, inside: str = "body") -> None:
        """Follow the first link of this text that is shown."""
        self._press(f"{inside} a", text)

    def press(self, text: str, inside: str = "main") -> None:
        """Press the first button of this text, by the keyboard."""
        self._press(f"{inside} button", text)

    def _press(self, selector: str, text: str) -> None:
        before = self.screen.find("html").id
        self._shown(selector, text).send_keys(Keys.ENTER)
        another = f"{text}: another page"
        self.until(lambda: self.screen.find("html").id != before and self.is_there(), another)

    def _shown(self, selector: str, text: str) -> WebElement:
        for each in self.driver.find_elements(By.CSS_SELECTOR, selector):
            if each.is_displayed() and text in each.text:
                return each
        self.picture("missed")
        pytest.fail(f"no {selector} {text!r} — {self.driver.current_url}\n{self.main()}")

    def save(self, link: WebElement, name: str, folder: Path) -> Path:
        """Follow a link that hands a file out; give the file, as the browser saved it."""
        where = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)
        link.send_keys(Keys.ENTER)
        self.until((folder / name).exists, f"{name} is saved")
        return folder / name

    def fill(self, **fields: str) -> None:
        """Fill in a form: texts typed, dates and lists chosen."""
        for name, value in fields.items():
            field = self.screen.find(f"main form.fields [name={name}]")
            if field.tag_name == "select":
                Select(field).select_by_visible_text(_option(field, value))
            elif field.get_attribute("type") == "date":
                # As its picker does: how a date is typed depends on the machine's language.
                self.driver.execute_script("arguments[0].value = arguments[1]", field, value)
            else:
                field.clear()
                field.send_keys(value)

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, where pictures are wanted."""
        if not PICTURES:
            return
        self.pictures += 1
        width, before = self.driver.execute_script("return [innerWidth, innerHeight]")
        height = int(self.driver.execute_script("return document.documentElement.scrollHeight"))
        self.screen.size(width, min(height, 6_000))
        file = Path(PICTURES) / f"month-{self.pictures:02}-{name}-{width}.png"
        self.driver.save_screenshot(str(file))
        self.screen.size(width, before)

    def judged(self) -> list[str]:
        """Give what axe finds on the page, as `rule: element`."""
        run = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        tell = f"{run}.then(r => JSON.stringify(r.violations))"
        ask = self.driver.execute_cdp_cmd
        ask("Runtime.evaluate", {"expression": _AXE})
        answer = ask("Runtime.evaluate", {"expression": tell, "awaitPromise": True})
        found = json.loads(answer["result"]["value"])
        return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]

    def reaches_out(self) -> bool:
        """Whether the page is wider than the window."""
        wide = "return document.documentElement.scrollWidth > innerWidth"
        return bool(self.driver.execute_script(wide))


def _option(field: WebElement, text: str) -> str:
    """The whole text of the first choice that begins with one."""
    found = [each.text for each in Select(field).options if each.text.startswith(text)]
    assert found, f"{text}: not among {[each.text for each in Select(field).options]}"
    return found[0]
