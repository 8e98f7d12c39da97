"""Every page in every language: axe finds nothing, nothing is cut off at 320 px, nothing comes from
outside, and the console of the browser stays silent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hub.audit.rows import AuditedRows
from hub.batteries.domain import ChemistryKind, HeardBy
from hub.batteries.service import BatteriesService
from hub.bookings.records import BookingWish, Contact, HolderWish
from hub.bookings.service import BookingsService
from hub.catalogue import Language
from hub.database.scope import Scope
from hub.notices import repository as notice_rows
from hub.notices.domain import Channel, NoticeKind, NoticeState, Why
from hub.notices.planner import new_row
from hub.readiness import repository as readiness
from hub.readiness.domain import Outcome as Deadline
from hub.readiness.domain import Watch
from hub.readiness.figures import Took
from hub.readiness.tables import Latency
from hub.sites import repository as site_rows
from hub.sites.kinds import READER
from hub.visitors.service import VisitorsService
from hub.web.rights import SYSTEM
from hub.webhooks.domain import Fault, Outcome
from hub.webhooks.mapping import BOOKING
from hub.webhooks.service import EndpointWish, WebhooksService
from hub.webhooks.settling import settle
from hub.webhooks.sources import SourcesService, SourceWish
from wire import events as ev
from wire.events import EventKind
from wire.reasons import Reason

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ["ja", "ja-easy", "en"]


def violations(browser: Any) -> list[str]:
    """What axe finds on the page, as `rule: element`."""
    # Through the debugger, not as a script of the page: the page's CSP admits none.
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE})
    run = f"axe.run({{runOnly: {json.dumps(RULES)}}}).then(r => JSON.stringify(r.violations))"
    answer = browser.driver.execute_cdp_cmd(
        "Runtime.evaluate", {"expression": run, "awaitPromise": True}
    )
    found = json.loads(answer["result"]["value"])
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def judge(browser: Any, path: str) -> list[str]:
    """Open a page and give everything that is wrong with it."""
    browser.open(path)
    wrong = violations(browser)
    browser.size(320, 640)
    width = browser.run("return document.documentElement.scrollWidth")
    if width > 320:
        wrong.append(f"{width} px wide at 320")
    browser.size(1280, 900)
    return [f"{path} {each}" for each in [*wrong, *browser.complaints()]]


def with_battery(town: Any) -> None:
    """A keypad on cells that are half used, with a profile and a change of cells."""
    keypad, now = town.ids["keypad"], town.clock.now()
    service = town.hub.services.get(BatteriesService)
    if any(each.profile for each in service.every(SYSTEM)):
        return
    service.set_profile(SYSTEM, keypad, ChemistryKind.ALKALINE, 4, 4300, 86400, HeardBy.NETWORK)
    began = now - timedelta(days=200)
    service.record_change(SYSTEM, keypad, began, None, "4 x AA")
    for n in range(0, 200, 4):
        body = ev.BatteryBody(device=keypad, millivolts=6200 - 7 * n, temperature_dc=150)
        town.happen(EventKind.BATTERY, body, began + timedelta(days=n))


def furnished(town: Any) -> None:
    """Something of everything on the pages."""
    door, keypad = town.ids["door"], town.ids["keypad"]
    town.happen(EventKind.DOOR_FORCED, ev.DoorEventBody(door=door))
    town.happen(EventKind.DEVICE_OFFLINE, ev.DeviceEventBody(device=keypad, cause="no_reply"))
    town.happen(EventKind.CONTACT_TESTED, ev.DoorTestBody(door=door, passed=False, cause="odd"))
    with_battery(town)
    town.happen(EventKind.BATTERY, ev.BatteryBody(device=keypad, millivolts=4_790))
    for kind, reason in (
        (EventKind.ACCESS_DENIED, Reason.UNKNOWN_CARD),
        (EventKind.ACCESS_GRANTED, Reason.PIN_VALID),
    ):
        town.happen(kind, ev.AccessBody(reason=reason, factor=ev.Factor.CARD, door=door))
    for soft in (None, Reason.ANTI_PASSBACK):
        inside(town, soft)
    timed(town)
    visited(town)


def joined(town: Any) -> list[str]:
    """Somebody is told of things and does not take them, and somebody tells: give their pages."""
    webhooks, sources = (town.hub.services.get(kind) for kind in (WebhooksService, SourcesService))
    wish = EndpointWish("https://localhost:9/kagimori", ("*",), include_contact=True)
    endpoint = webhooks.create(SYSTEM, wish).row
    sent = webhooks.test(SYSTEM, endpoint.id).delivery
    outcome, at = Outcome(503, Fault.STATUS, 120, "maintenance"), town.hub.core.clock.now()
    town.hub.core.db.write(lambda scope: settle(scope, sent, outcome, at, 0.0))
    source = sources.create(SYSTEM, SourceWish("予約", BOOKING)).row
    return [
        "/joins/webhooks",
        f"/joins/webhooks/{endpoint.id}",
        f"/joins/webhooks/sources/{source.id}",
    ]


def timed(town: Any) -> None:
    """Figures to show: a deadline that was met, one that was missed, and how long a door took."""
    door, now = town.ids["door"], town.clock.now()

    def write(scope: Any) -> None:
        for n, outcome in enumerate((Deadline.MET, Deadline.MISSED)):
            start = now - timedelta(hours=n)
            span = (f"booking {n}", start, start + timedelta(hours=1))
            watch = Watch(*span, "", None, "r", start, start, outcome, judged=True)
            readiness.keep_watch(scope, watch)
            missed = outcome is Deadline.MISSED
            result = readiness.LockResult(*span, door, True, None if missed else start, missed, ())
            readiness.keep_results(scope, [result])
        for n in range(1, 40):
            took = Took(Latency.ISSUE, "c", door, "", now - timedelta(seconds=n / 9), now, n > 9)
            readiness.keep_latency(scope, n, took)

    town.hub.core.db.write(write)


def inside(town: Any, soft: Reason | None) -> None:
    """Somebody goes into the zone, the second time against its rule."""
    door = town.ids["door"]
    body = ev.AccessBody(
        reason=Reason.CARD_VALID,
        factor=ev.Factor.CARD,
        door=door,
        reader=town.ids["reader"],
        person=town.ids["person"],
        act=f"act-{town.seq}",
        soft=soft,
    )
    town.happen(EventKind.ACCESS_GRANTED, body)
    town.happen(EventKind.DOOR_OPENED, ev.DoorEventBody(door=door))


def visited(town: Any) -> None:
    """Somebody has been at the key box: its log came with the controller's events."""
    box = town.ids["box"]
    told = (
        (EventKind.BATTERY, ev.BatteryBody(device=box, millivolts=5_870, uses=41)),
        (EventKind.DEVICE_LOG_GAP, ev.DeviceEventBody(device=box, cause="00000007 0-11", count=12)),
        (EventKind.KEY_TAKEN, ev.DeviceEventBody(device=box)),
        (
            EventKind.DEVICE_CLOCK_SET,
            ev.DeviceClockBody(device=box, offset_ms=41_000, error_ms=1_000, set=True),
        ),
    )
    for index, (kind, body) in enumerate(told):
        town.happen(kind, body, ev.Origin(device=box, log_epoch=7, index=index + town.seq))


def visiting(town: Any) -> str:
    """Somebody comes today and has a PIN: give the path of the visit's page."""
    now = town.clock.now()
    service = town.hub.services.get(VisitorsService)
    values = {
        "site_id": town.ids["site"],
        "organisation": "さくら電設",
        "host_id": None,
        "purpose": "空調の点検",
        "starts_at": now,
        "ends_at": now + timedelta(hours=3),
        "daily": False,
        "doors": (town.ids["door"],),
        "zones": (),
        "escort_required": False,
        "escort_s": 30,
        "escorts": (),
        "note": "",
    }
    with town.hub.core.db.read() as scope:
        readers = site_rows.readers_of_door(scope, town.ids["door"])
    town.hub.services.get(AuditedRows).change(SYSTEM, READER, readers[0].id, {"keypad": True})
    made = service.plan(SYSTEM, values, [("佐藤 次郎", ""), ("鈴木 三郎", "")])
    service.give_pin(SYSTEM, made.visitors[0].id)
    return f"/visitors/visits/{made.visit.id}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_visitors_pages_are_accessible(staff: Any, town: Any, language: str) -> None:
    """The register, a visit, the pool, the form and the roll call."""
    pages = ["/visitors", visiting(town), "/visitors/new", "/visitors/cards", "/roll-call"]
    wrong = [one for path in pages for one in judge(staff, f"{path}?lang={language}")]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consoles_pages_are_accessible(staff: Any, town: Any, language: str) -> None:
    """Zero violations, no sideways scrolling at 320 px, a silent console."""
    furnished(town)
    door = town.ids["door"]
    staff.open("/bookings?state=")
    pages = [
        "/",
        f"/doors/{door}",
        f"/doors/{door}/unlock",
        f"/doors/{door}/test",
        f"/doors/{door}/mode?mode=hold_open",
        "/bookings",
        "/entries",
        "/key_boxes",
        f"/key_boxes/{town.ids['box']}",
        f"/key_boxes/{town.ids['box']}/retire",
        "/tomorrow",
        "/tomorrow/figures",
        "/joins/csv",
        "/joins/csv/profiles/new",
        "/zones",
        f"/zones/{town.ids['zone']}",
        f"/zones/{town.ids['zone']}/forgive",
        f"/zones/{town.ids['zone']}/people/{town.ids['person']}/forgive",
        "/entries?kind=soft",
        "/attendance",
        "/attendance?whose=me",
        "/attendance/team",
        "/attendance/months",
        "/closing",
        "/closing/adjustments",
        "/divergences",
        "/caps",
        "/batteries?before=2027-12-31",
        f"/batteries/{town.ids['keypad']}",
        "/joins",
        "/joins/feeds",
        "/joins/feeds/new",
        *joined(town),
        "/nowhere",
        *staff.run("return [...document.querySelectorAll('.day-list a')].map(a => a.pathname)")[:1],
    ]
    separator = {page: "&" if "?" in page else "?" for page in pages}
    wrong = [
        found
        for page in pages
        for found in judge(staff, f"{page}{separator[page]}lang={language}")
        if "404" not in found
    ]
    assert wrong == []


def booked(town: Any, facility: str, start: str) -> str:
    """A clerk books an hour for somebody; give the booking's id."""
    begin = datetime.fromisoformat(start)
    wish = BookingWish(
        facility_id=town.ids[facility],
        starts_at=begin,
        ends_at=begin + timedelta(hours=1),
        contact=Contact("山田 花子"),
        holders=(HolderWish("山田 花子", duress=facility == "hall"),),
    )
    service = town.hub.services.get(BookingsService)
    made, _ = service.put(SYSTEM, f"{facility}-{start[:10]}", wish)
    return str(made.booking.id)


def with_notices(town: Any, booking_id: str) -> None:
    """Notices of a booking: one that went, one that waits, one after which somebody has to call."""
    core = town.hub.core
    booking = town.hub.services.get(BookingsService).by_id(SYSTEM, booking_id).booking

    def write(scope: Scope) -> None:
        now = core.clock.now()
        for cause, (state, why) in enumerate(
            (
                (NoticeState.SENT, None),
                (NoticeState.WAITING, Why.QUIET),
                (NoticeState.FAILED, Why.REFUSED),
            )
        ):
            row = new_row(core.ids.new(), booking, NoticeKind.CHANGED, cause, Channel.EMAIL, now)
            called = state is NoticeState.FAILED
            kept = replace(row, state=state, why=why, needs_call=called, address="y@example.jp")
            notice_rows.add(scope, kept)

    core.db.write(write)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_about_notices_are_accessible(staff: Any, town: Any, language: str) -> None:
    """What staff see of them, the sheet that is printed, and what residents may stop and link."""
    booking = booked(town, "hall", "2026-12-20T10:00+09:00")
    with_notices(town, booking)
    pages = [
        "/notices",
        "/notices/templates",
        f"/bookings/{booking}",
        f"/bookings/{booking}/notices",
        "/pin/line",
        f"/u/{'0' * 32}",
        f"/bookings/{booking}/sheet",
    ]
    wrong = [found for page in pages for found in judge(staff, f"{page}?lang={language}")]
    staff.open(f"/bookings/{booking}/sheet?lang={language}")
    staff.run("document.querySelector('#sheet-language').value = arguments[0]", language)
    staff.find("main form button").click()
    staff.wait(lambda: staff.run("return !!document.querySelector('.digits')"))
    wrong += violations(staff)
    wrong += staff.complaints()
    assert staff.run("return document.documentElement.lang") == Language(language).html
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_residents_pages_are_accessible(fresh: Any, town: Any, language: str) -> None:
    """The same for those who have no login; the PIN page with its details open."""
    day = f"2026-11-{25 + LANGUAGES.index(language)}"
    lang = f"lang={language}"
    wrong = [
        found
        for page in (f"/book?day={day}&{lang}", f"/login?{lang}", f"/p/{'x' * 22}?{lang}")
        for found in judge(fresh, page)
    ]
    wrong += judge(fresh, f"/book/{town.ids['room']}?day={day}&{lang}")
    fresh.find("#name").send_keys("山田 花子")
    fresh.find("#phone").send_keys(f"090-9999-000{LANGUAGES.index(language)}")
    fresh.find("main form button").click()
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/pin")
    wrong += judge(fresh, f"/pin?{lang}")
    fresh.open(f"/book/{town.ids['gym']}?day={day}&{lang}")
    fresh.find("#name").send_keys("山田 花子")
    fresh.find("#phone").send_keys(f"090-8888-000{LANGUAGES.index(language)}")
    fresh.find("main form button").click()
    fresh.wait(lambda: fresh.run("return !!document.querySelector('.pin')"))
    fresh.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    wrong += violations(fresh)
    for facility in ("ground", "hall"):
        fresh.open(town.link(booked(town, facility, f"{day}T10:00+09:00")) + f"?{lang}")
        fresh.find("#show").click()
        fresh.wait(lambda: fresh.run("return !!document.querySelector('.pin-box')"))
        fresh.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        wrong += violations(fresh)
        wrong += judge(fresh, f"/pin?{lang}")
    wrong += judge(fresh, f"/pin/cancelled?{lang}")
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_forced_colours_keep_the_board_accessible(
    staff: Any, town: Any, scheme: str
) -> None:
    """Contrast holds in both colour schemes, and where a person's own colours are forced."""
    furnished(town)
    staff.prefer(prefers_color_scheme=scheme)
    assert judge(staff, "/") == []
    staff.prefer(forced_colors="active", prefers_color_scheme=scheme)
    assert judge(staff, f"/doors/{town.ids['door']}") == []


def test_no_page_asks_anything_of_anybody_else(staff: Any, town: Any) -> None:
    """Every request of a visit went to this hub."""
    staff.driver.get_log("performance")
    for path in ("/", f"/doors/{town.ids['door']}", "/entries", "/book", "/api/v1/docs"):
        staff.open(path)
    entries = [json.loads(row["message"])["message"] for row in staff.driver.get_log("performance")]
    asked = {
        urlsplit(entry["params"]["request"]["url"]).netloc
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
        and not entry["params"]["request"]["url"].startswith(("data:", "blob:"))
    }
    assert asked == {urlsplit(staff.url).netloc}


def test_the_first_key_press_leads_past_the_menu(staff: Any) -> None:
    """The skip link is first, becomes visible, and leads to the content."""
    from selenium.webdriver.common.keys import Keys

    staff.open("/")
    staff.find("body").send_keys(Keys.TAB)
    assert staff.run("return document.activeElement.className") == "skip"
    assert staff.run("return document.activeElement.getBoundingClientRect().top") >= 0
    staff.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert staff.run("return document.activeElement.id") == "main"
