"""The console in a real browser: logging in, live events, steering a door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind
from wire.reasons import Reason

pytestmark = pytest.mark.browser
FEED = "return document.querySelector('.feed')?.innerText ?? ''"


def denied(town: Any) -> ev.AccessBody:
    """Somebody typed a PIN that nobody has."""
    return ev.AccessBody(
        reason=Reason.UNKNOWN_PIN, factor=ev.Factor.PIN, door=town.ids["door"], digits=6
    )


def test_logging_in_leads_to_the_board_and_out_again(staff: Any) -> None:
    """A page asked for without a login is found again after it; a wrong password is told."""
    assert "今日の予約" in staff.text()
    staff.find("form[action='/logout'] button").click()
    staff.wait(lambda: staff.driver.current_url.endswith("/login"))
    staff.open("/entries?kind=granted")
    assert "/login?next=" in staff.driver.current_url
    staff.find("#login").send_keys("admin")
    staff.find("#password").send_keys("wrong", "\n")
    staff.wait(lambda: "違います" in staff.text())
    staff.find("#password").send_keys("kagi-mori-2026", "\n")
    staff.wait(lambda: staff.driver.current_url.endswith("/entries?kind=granted"))


def test_an_event_at_a_door_is_on_the_board_within_a_second(staff: Any, town: Any) -> None:
    """From ingest through projection and stream to the screen, without a reload."""
    staff.wait(lambda: "自動で更新しています" in staff.text())
    slowest = 0.0
    for _ in range(5):
        town.clock.advance(timedelta(seconds=5))
        shown = staff.run(FEED)
        town.happen(EventKind.ACCESS_DENIED, denied(town))
        slowest = max(slowest, staff.wait(lambda: staff.run(FEED) != shown))  # noqa: B023
    assert slowest < 1.0
    assert "登録のない暗証番号です" in staff.text()
    assert staff.complaints() == []


def test_what_is_red_comes_first_and_goes_once_it_is_over_and_noted(staff: Any, town: Any) -> None:
    """A forced door stands above everything; acknowledging is one press of a button."""
    door = ev.DoorEventBody(door=town.ids["door"])
    town.happen(EventKind.DOOR_FORCED, door)
    staff.wait(lambda: "扉がこじ開けられました" in staff.text())
    top = staff.run("return document.querySelector('.board').firstElementChild.className")
    assert top == "alarms"
    first = "return document.querySelector('.alarm')?.innerText ?? ''"
    assert "扉がこじ開けられました" in staff.run(first)
    staff.find(".alarm form button").click()
    staff.wait(lambda: "佐藤 恵 が" in staff.run(first))
    town.happen(EventKind.DOOR_CLOSED, door)
    staff.wait(lambda: "扉がこじ開けられました" not in staff.run(first))
    assert staff.complaints() == []


def test_who_was_typing_is_not_disturbed_and_focus_stays(staff: Any, town: Any) -> None:
    """A live update puts the focus back where it was."""
    town.happen(EventKind.TAMPER, ev.DeviceEventBody(device=town.ids["keypad"]))
    staff.wait(lambda: staff.run("return !!document.querySelector('.alarm form button')"))
    staff.run("document.querySelector('.alarm form button').focus()")
    focused = staff.run("return document.activeElement.id")
    shown = staff.run(FEED)
    town.clock.advance(timedelta(seconds=5))
    town.happen(EventKind.ACCESS_DENIED, denied(town))
    staff.wait(lambda: staff.run(FEED) != shown)
    assert staff.run("return document.activeElement.id") == focused != ""


def test_a_door_that_nobody_hears_says_so_and_is_not_unlocked(staff: Any, town: Any) -> None:
    """The form wants a reason and a confirmation; a command that would reach nobody is refused."""
    staff.open(f"/doors/{town.ids['door']}")
    assert "教育課 内線231" in staff.text()
    assert "通信なし" in staff.text()
    staff.find("#go-unlock").click()
    staff.find("#reason").send_keys("忘れ物を取りに来た利用者のため")
    staff.find("input[name='sure']").click()
    staff.find("form[action$='/unlock'] button").click()
    staff.wait(lambda: staff.run("return !!document.querySelector('.notice.bad')"))
    assert staff.run("return document.querySelector('#reason').value").startswith("忘れ物")


def test_a_mode_is_ordered_with_a_reason_and_taken_back(staff: Any, town: Any) -> None:
    """Until the controller has applied it, the page says that it is on its way."""
    staff.open(f"/doors/{town.ids['door']}/mode?mode=locked")
    staff.find("#reason").send_keys("点検")
    staff.find("input[name='sure']").click()
    staff.find("form[action$='/mode'] button").click()
    staff.wait(lambda: "反映待ち" in staff.text())
    assert "施錠中" in staff.text()
    staff.find("#go-normal").click()
    staff.wait(lambda: "反映待ち" not in staff.text())


def test_the_filters_of_the_log_stand_in_its_address(staff: Any, town: Any) -> None:
    """Reloaded or shared, the page shows the same."""
    town.happen(EventKind.DOOR_OPENED, ev.DoorEventBody(door=town.ids["door"]))
    staff.open("/entries")
    staff.run("document.querySelector('#kind').value = 'denied'")
    staff.find("form[action='/entries'] button").click()
    staff.wait(lambda: "kind=denied" in staff.driver.current_url)
    titles = staff.run(
        "return [...document.querySelectorAll('tbody td:nth-child(3)')].map(c => c.innerText)"
    )
    assert set(titles) == {"拒否しました"}
    staff.driver.refresh()
    assert staff.run("return document.querySelector('#kind').value") == "denied"


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_mark_of_an_unsure_time_is_not_cut_off(staff: Any, town: Any, width: int) -> None:
    """Beside the time there is no room for it on a telephone: it goes below."""
    # The box's own record: no anchor of the controller tells of its time.
    box = town.ids["box"]
    taken = ev.DeviceEventBody(device=box)
    origin = ev.Origin(device=box, log_epoch=9, index=town.seq)
    town.happen(EventKind.KEY_TAKEN, taken, origin=origin, clock=ClockState.UNTRUSTED)
    staff.size(width, 800)
    staff.open("/entries?lang=ja")
    staff.wait(lambda: staff.driver.refresh() or "時刻未確認" in staff.text())
    marks = staff.run(
        """return [...document.querySelectorAll('td time + .chip')].map(mark => {
          const seen = mark.closest('.scroll').getBoundingClientRect();
          const room = mark.getBoundingClientRect();
          return room.left >= seen.left && room.right <= seen.right;
        })"""
    )
    assert marks
    assert all(marks)


def test_a_tap_at_the_terminal_shows_who_is_in(staff: Any, town: Any) -> None:
    """The board names them, and the day shows the punch."""
    punch = ev.PunchBody(
        reader=town.ids["keypad"],
        person=town.ids["person"],
        credential=town.ids["person"],
        direction=ev.PunchDirection.IN,
    )
    town.happen(EventKind.PUNCH, punch)
    staff.wait(lambda: "田中 一郎" in staff.text())
    staff.open("/attendance?whose=me")
    assert "勤務中" in staff.text()
    assert "打刻 1 件" in staff.text()
