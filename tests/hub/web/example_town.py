"""The town that the API's examples speak of, made by sending those very examples.

Rows get the ids that the examples show, so that every example of the document names something that
is there. `tests/hub/web/conftest.py` loads it and gives it as the fixture `example_town`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.applications import examples as applications
from hub.applications.delegating import DelegationsService, DelegationWanted
from hub.attendance.tables import punches
from hub.bootstrap import Hub, build
from hub.clock import HandMovedClock, Ids
from hub.database.scope import Scope
from hub.entries.alarms import AlarmKind
from hub.entries.tables import alarms
from hub.feeds.fetching import CalendarClient
from hub.link.tables import SessionState, controller_sessions
from hub.policy.outlet import Outlet
from hub.rosters import examples as rosters
from hub.settings import Settings
from hub.timesheets import closing_examples as examples
from hub.timesheets.alert_tables import cap_alerts, special_works
from hub.timesheets.closing_tables import closed_months, closings, month_adjustments
from hub.timesheets.day_prints import ChangedDay
from hub.timesheets.divergence_tables import divergences
from hub.timesheets.figures import StoredFigures
from hub.web import example_ids as ids
from hub.web.core import Core, Probe
from hub.web.documents import openapi_of
from hub.web.examples import FORM, JSON, example_of
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role
from hub.webhooks import signatures
from provisioning import hub_keys
from wire.events import PunchDirection
from wire.keys import LinkKey, PinKey
from wire.topics import Channel

NOW: Final = datetime(2026, 4, 6, 0, 0, tzinfo=UTC)
"""Monday, 09:00 in Japan."""

HALF: Final[dict[str, Any]] = {"name_ja": "大ホール 半面", "excludes": []}
"""The facility that the example's own excludes."""


class Line:
    """A link to controllers that takes everything."""

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        """Take a message."""
        return True


class OfflineCalendars(CalendarClient):
    """Serves the calendar of the examples' feed, and no other, without a network."""

    def _client(self, end: float) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(_served))


def _served(asked: httpx.Request) -> httpx.Response:
    """The calendar, and ever after an empty one: the hub asks whether that is meant."""
    if asked.url.host != "yoyaku.example.jp":
        raise httpx.ConnectError("nobody is there", request=asked)
    was_here = "If-None-Match" in asked.headers
    headers = {"Content-Type": "text/calendar", "ETag": '"2"' if was_here else '"1"'}
    body = _HEAD + _END if was_here else _HEAD + _EVENT + _END
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


_HEAD: Final = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n"
_EVENT: Final = (
    "BEGIN:VEVENT\r\nUID:0420@yoyaku.example.jp\r\nDTSTAMP:20260401T000000Z\r\n"
    "DTSTART:20260424T090000Z\r\nDTEND:20260424T110000Z\r\n"
    "SUMMARY:卓球\r\nLOCATION:体育館\r\nEND:VEVENT\r\n"
).encode()
_END: Final = b"END:VCALENDAR\r\n"


_MADE: Final = itertools.count(1)


class NamedIds(Ids):
    """Gives the ids that were asked for first, then new ones: none twice, whichever hub asks."""

    __slots__ = ("named",)

    def __init__(self, clock: HandMovedClock) -> None:
        super().__init__(clock, lambda length: next(_MADE).to_bytes(length, "big"))
        self.named: list[str] = []

    def new(self) -> str:
        """Give the next id."""
        return self.named.pop(0) if self.named else Ids.new(self)


@dataclass
class ExampleTown:
    """A hub with the town in it, and how to ask it as its administrator."""

    hub: Hub
    app: FastAPI
    clock: HandMovedClock
    token: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """What each example that made the town was answered, by `METHOD path`."""

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers with which the examples' source signs a message."""
        _, made = self.answers[f"POST {_API}/webhook_sources"]
        message = "msg_" + hashlib.sha256(body).hexdigest()[:27]
        return signatures.headers(
            [signatures.secret_of(made["secret"])], message, self.clock.now(), body
        )

    @property
    def document(self) -> dict[str, Any]:
        """The API's document."""
        return openapi_of(self.app)

    def client(self) -> TestClient:
        """A client that holds the token; answers of 500 come back as answers."""
        client = TestClient(self.app, base_url="https://doors.test", raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {self.token}"
        client.headers["X-Request-ID"] = "example-town"  # so that no id is made for it
        return client


def open_hub(settings: Settings, clock: HandMovedClock) -> Hub:
    """Build a hub as the tests need it: cheap passwords, every part there."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    hub = build(settings, clock=clock, passwords=cheap)
    hub.services.get(Outlet).attach(Line())
    return replace(hub, probes=(Probe("database", hub.core.db.reachable),))


def write_keys(folder: Path) -> None:
    """Write the hub's keys, with those of the examples' controller."""
    folder.mkdir()
    hub_keys.save_data_keys(folder / hub_keys.DATA_KEYS, hub_keys.new_data_keys())
    own = ec.generate_private_key(ec.SECP256R1()).public_key()
    link, pin = LinkKey(secrets.token_bytes(32)), PinKey(secrets.token_bytes(32))
    keys = hub_keys.ControllerKeys(link, pin, own)
    hub_keys.save_link_keys(folder / hub_keys.LINK_KEYS, {ids.CONTROLLER: keys})


def make_town(hub: Hub, clock: HandMovedClock) -> ExampleTown:
    """Fill an empty hub by sending the examples of its document, in the order they need."""
    _, token = hub.services.get(AccountsService).create_token(SYSTEM, name="fuzz", role=Role.ADMIN)
    town = ExampleTown(hub, create_app(hub), clock, token)
    named = _named_ids(hub)
    with town.client() as client:
        player = _Player(town, client, named)
        for call in _CALLS:
            player.play(*call)
        _let_stand_in(hub)
        _hear_of_the_controller(hub.core)
        hub.core.db.write(_keep_attendance)
        for call in _CALLS_THAT_NEED_IT:
            player.play(*call)
    return town


def _let_stand_in(hub: Hub) -> None:
    """A delegation: what no token gives."""
    shown = msgspec.convert(applications.DELEGATION_IN, DelegationWanted)
    who = Principal(PrincipalKind.SESSION, ids.USER, "", Role.ADMIN, person_id=ids.USER)
    _named_ids(hub).named = [ids.DELEGATION]
    hub.services.get(DelegationsService).give(who, shown)


def _named_ids(hub: Hub) -> NamedIds:
    found = hub.core.ids
    assert isinstance(found, NamedIds), "build the hub with `NamedIds`"
    return found


_LOCK: Final = {"driver": "serial_lock", "port": "lock0", "address": 0, "name": "裏口 電池錠"}
_VISITORS_CARD: Final = {"identity": "04A1B2C3", "person_id": None, "label": "来訪者 3"}
_COLLEAGUE: Final = {"name": "佐藤 次郎", "name_kana": "サトウ ジロウ", "staff_number": "10024"}

_BY_PERSONNEL: Final = {
    "name": "人事の承認",
    "position": 5,
    "from_min": None,
    "steps": [{"approver": "personnel"}],
}
"""So that a token, which is nobody's head, decides."""


def _applied(day: str) -> dict[str, Any]:
    """The example's application for another date, handed in."""
    return {"submit": True, "work": {**applications.WORK, "work_date": day}}


_BALLOT: Final = {"application_id": ids.APPLICATION_APPROVED, "version": 1, "step": 0}
_EMPTY: Final = {"code": "0199", "name": "臨時窓口", "name_kana": "りんじまどぐち"}
"""A department to which nobody belongs."""
_API: Final = "/api/v1"
_CALLS: Final[tuple[tuple[str, str, str | tuple[str, ...] | None, dict[str, Any]], ...]] = (
    ("POST", "/sites", ids.SITE, {}),
    ("POST", "/controllers", None, {}),
    ("POST", "/zones", ids.ZONE, {}),
    ("POST", "/devices", ids.DEVICE, {}),
    ("POST", "/devices", ids.LOCK, _LOCK),
    ("POST", "/doors", ids.DOOR, {}),
    ("POST", "/readers", ids.READER, {}),
    ("POST", "/calendars", ids.CALENDAR, {}),
    ("POST", "/schedules", ids.SCHEDULE, {}),
    ("POST", "/people", ids.PERSON, {}),
    ("POST", "/people", ids.COLLEAGUE, _COLLEAGUE),
    ("POST", "/groups", ids.GROUP, {}),
    ("PUT", "/groups/{group_id}/members", None, {}),
    ("POST", "/card-key-sets", ids.CARD_KEY_SET, {}),
    ("POST", "/cards", ids.CARD, {}),
    ("POST", "/grants", ids.GRANT, {}),
    ("POST", "/staff/departments", ids.DEPARTMENT, {}),
    ("POST", "/staff/departments", ids.EMPTY_DEPARTMENT, _EMPTY),
    ("PUT", "/staff/departments/{department_id}/terms/{starts_on}", None, {}),
    ("POST", "/staff/people/{person_id}/employments", ids.EMPLOYMENT, {}),
    ("PUT", "/staff/people/{person_id}/contact", None, {}),
    ("POST", "/staff/profiles", ids.STAFF_PROFILE, {}),
    ("POST", "/staff/imports", ids.STAFF_IMPORT, {}),
    ("POST", "/cards", ids.VISITOR_CARD, _VISITORS_CARD),
    ("PUT", "/visitor-cards/{card_id}", None, {"site_id": ids.SITE}),
    ("POST", "/visits", (ids.VISIT, ids.VISITOR), {"note": "裏口から"}),
    ("POST", "/readers/{reader_id}/enrolment", ids.ENROLMENT, {"label": "職員証 2"}),
    ("POST", "/key_boxes", ids.KEY_BOX, {}),
    ("PUT", "/devices/{device_id}/battery", None, {}),
    ("POST", "/facilities", ids.HALF, HALF),
    ("POST", "/facilities", ids.FACILITY, {}),
    ("POST", "/users", ids.USER, {}),
    ("POST", "/tokens", ids.TOKEN, {}),
    ("POST", "/doors/{door_id}/tests", ids.DOOR_TEST, {}),
    ("PUT", "/doors/{door_id}/backup_codes", None, {}),
    ("PUT", "/doors/{door_id}/mode", ids.ORDER, {}),
    ("PUT", "/bookings/{reservation_key}", (ids.BOOKING, ids.HOLDER, ids.CREDENTIAL), {}),
    ("POST", "/bookings/{reservation_key}/holders", None, {}),
    ("PUT", "/booking_series/{series_key}", ids.SERIES, {}),
    ("POST", "/closures", ids.CLOSURE, {}),
    ("PUT", "/facilities/{facility_id}/notice_rule", None, {}),
    ("PUT", "/readiness/rules/{kind}/{target}", None, {}),
    ("POST", "/feeds", ids.FEED, {}),
    ("POST", "/feeds/{feed_id}/poll", (ids.FEED_RUN, ids.FEED_EVENT), {}),
    ("POST", "/feeds/{feed_id}/poll", None, {}),
    ("POST", "/shift_codes", rosters.SHIFT_CODE_ID, {}),
    ("POST", "/work_patterns", rosters.PATTERN_ID, {}),
    ("POST", "/pattern_assignments", rosters.ASSIGNMENT_ID, {}),
    ("POST", "/approval_chains", None, _BY_PERSONNEL),
    ("POST", "/applications", ids.APPLICATION, {}),
    ("POST", "/applications", ids.APPLICATION_WAITING, _applied("2026-04-07")),
    ("POST", "/applications", ids.APPLICATION_UNCLEAR, _applied("2026-04-08")),
    ("POST", "/applications", ids.APPLICATION_NEEDLESS, _applied("2026-04-09")),
    ("POST", "/applications", ids.APPLICATION_APPROVED, _applied("2026-04-13")),
    ("POST", "/approvals", None, {"items": [_BALLOT]}),
    ("POST", "/approval_chains", ids.CHAIN_RULE, {}),
    ("POST", "/webhooks", ids.WEBHOOK, {}),
    ("POST", "/webhooks/{webhook_id}/test", (ids.MESSAGE, ids.DELIVERY), {}),
    ("POST", "/webhook_sources", ids.WEBHOOK_SOURCE, {}),
    ("POST", "/csv_profiles", ids.CSV_PROFILE, {}),
    ("POST", "/csv_imports", ids.CSV_IMPORT, {}),
    ("POST", "/payroll/profiles", ids.EXPORT_PROFILE, {}),
    ("POST", "/bookings/{reservation_key}/notices", ids.NOTICE, {}),
    ("POST", "/visitors/{visitor_id}/pin", ids.VISITOR_CREDENTIAL, {}),
)
"""Method, path, the ids that new rows get in turn, and what stands over the example's body."""

_CALLS_THAT_NEED_IT: Final[tuple[tuple[str, str, str | None, dict[str, Any]], ...]] = (
    ("POST", "/doors/{door_id}/commands", ids.COMMAND, {}),
    ("POST", "/emergencies", ids.EMERGENCY, {}),
    ("DELETE", "/emergencies/{emergency_id}", None, {}),
    ("POST", "/key_boxes/{key_box_id}/provisioning", None, {}),
    ("POST", "/key_boxes/{key_box_id}/tickets", ids.TICKET, {}),
)
"""What needs a controller that is there."""


def send_example(
    client: TestClient,
    method: str,
    path: str,
    operation: dict[str, Any],
    over: dict[str, Any] | None = None,
    headers: Callable[[bytes], dict[str, str]] = lambda _: {},
) -> Any:
    """Send what an operation shows, `over` standing over its body. A file that it shows is kept:
    a dry run makes nothing. `headers` are those that depend on the body."""
    asked: dict[str, Any] = {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(example_of(parameter)))
        elif parameter["in"] == "query" and parameter["required"]:
            asked[name] = example_of(parameter)
    content = operation.get("requestBody", {}).get("content", {})
    if FORM in content:
        fields = dict(example_of(content[FORM]))
        files = {"file": ("april.csv", fields.pop("file").encode())}
        asked["dry_run"] = "false"
        return client.request(method, path, params=asked, data=fields, files=files)
    if JSON not in content:
        return client.request(method, path, params=asked)
    body = json.dumps({**content[JSON].get("example", {}), **(over or {})}).encode()
    sent = {"Content-Type": JSON, **headers(body)}
    return client.request(method, path, params=asked, content=body, headers=sent)


@dataclass
class _Player:
    """Sends the examples and keeps what was answered."""

    town: ExampleTown
    client: TestClient
    named: NamedIds

    def play(
        self, method: str, path: str, new: str | tuple[str, ...] | None, over: dict[str, Any]
    ) -> None:
        operation = self.town.document["paths"][_API + path][method.lower()]
        self.named.named = [new] if isinstance(new, str) else list(new or ())
        answer = send_example(self.client, method, _API + path, operation, over)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        if not over:
            self.town.answers[f"{method} {_API}{path}"] = (answer.status_code, answer.json())


def _hear_of_the_controller(core: Core) -> None:
    """A session of the controller that answered, and an alarm: what only the wire brings."""
    session = {
        "controller_id": ids.CONTROLLER,
        "number": 1,
        "session": "0" * 32,
        "state": SessionState.CURRENT,
        "boot_id": ids.ORDER,
        "agent": "example",
        "epoch": 1,
        "last_seq": 0,
        "hub_epoch": 1,
        "policy_version": 0,
        "clock_state": "trusted",
        "greeted_at": NOW,
        "confirmed_at": NOW,
    }
    alarm = {
        "id": 20_477,
        "kind": AlarmKind.DOOR_HELD,
        "subject": ids.DOOR,
        "controller_id": ids.CONTROLLER,
        "door_id": ids.DOOR,
        "device_id": None,
        "raised_at": NOW - timedelta(minutes=15),
        "last_at": NOW - timedelta(minutes=15),
        "last_received_at": NOW,
        "times": 1,
        "cause": "",
        "cleared_at": None,
    }
    core.db.write(lambda scope: scope.insert(controller_sessions, session))
    core.db.write(lambda scope: scope.insert(alarms, alarm))


def _keep_attendance(scope: Scope) -> None:
    """Punches, and a closed month with what came after it: what only terminals and time bring."""
    for number, trusted in ((20_411, True), (20_466, True), (20_467, False), (20_468, False)):
        scope.insert(punches, _punch(number, trusted=trusted))
    figures = {"figures": msgspec.convert(examples.FIGURES, StoredFigures)}
    signed = {"signed_by": None, "signed_at": None}
    person_month = {"person_id": ids.PERSON, "month": "2026-03"}
    scope.insert(closings, examples.CLOSING_OUT | {"overridden": (), "closed_at": NOW})
    scope.insert(
        closed_months,
        person_month
        | {"closing_id": ids.CLOSING, "department_id": ids.DEPARTMENT, "result": None}
        | {"fingerprint": "0" * 64, "inputs": (), "in_force": True},
    )
    adjustment = examples.ADJUSTMENT_OUT | figures | signed
    adjustment |= {"seq": 1, "carried_by": None, "found_at": NOW, "causes": ("application",)}
    adjustment["days"] = (ChangedDay(date(2026, 3, 10), "0" * 16),)
    scope.insert(month_adjustments, adjustment)
    divergence = examples.DIVERGENCE_OUT | {"settled_min": 0, "inputs": (), "links": ()}
    divergence |= {"found_at": NOW, "changed_at": NOW, "work_date": date(2026, 4, 3)}
    scope.insert(divergences, divergence)
    alert = examples.ALERT_OUT | {"level": "breach", "raised_at": NOW}
    scope.insert(cap_alerts, alert)
    scope.insert(special_works, examples.SPECIAL_WORK_OUT | {"recorded_at": NOW})


def _punch(number: int, *, trusted: bool) -> dict[str, Any]:
    at = NOW - timedelta(days=3, minutes=20_468 - number)
    return {
        "id": number,
        "person_id": ids.PERSON,
        "reader_id": ids.READER,
        "door_id": ids.DOOR,
        "credential_id": ids.CARD,
        "controller_id": ids.CONTROLLER,
        "direction": PunchDirection.IN,
        "at": at,
        "corrected_at": at,
        "trusted": trusted,
        "time_error_ms": None,
        "boot": ids.ORDER,
        "mono_ns": number,
        "received_at": at,
    }
