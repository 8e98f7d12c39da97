"""Schemathesis against every operation of the API: it finds nothing.

The examples of the document are rows that are there, so what is sent gets past the first 404. Each
operation has a town of its own and the same cases in every run. Left to others: `ignored_auth`
sends its probes over the network, so `_needs_the_token` asks the same here; and
`positive_data_acceptance`, since a shape cannot say which ids are there nor what two fields must
have to do with one another (`test_api_examples.py` tells that good data is accepted).
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import strategies as st
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python import asgi

from hub.accounts.service import AccountsService
from hub.app import ROUTERS
from hub.staff.tables import employments
from hub.web import example_ids as ids
from hub.web import health
from hub.web.documents import RIGHT_FIELD
from hub.web.refusals import PROBLEMS_FIELD
from hub.web.rights import Principal

BASE_URL: Final = "https://doors.test"
UNTOUCHED: Final = {
    "/api/v1/events/stream": "it answers for as long as somebody listens; its own tests read it",
}
OPEN_TO_THIS_MACHINE: Final = "/metrics"
FUZZED: Final = {"quick": 5, "long": 400}
"""How many cases are made up for each operation beside the examples; the many have the edges too,
which `test_api_hostile.py` tries every time."""

schemathesis.openapi.format(
    "date-time",
    st.datetimes(timezones=st.just(None)).map(
        lambda at: f"{2000 + at.year % 200}-" + f"{at:%m-%dT%H:%M:%SZ}"
    ),
)
schemathesis.openapi.format(
    "date", st.dates().map(lambda day: f"{2000 + day.year % 200}-{day:%m-%d}")
)


def _labels() -> list[str]:
    routes = [route for router in (health.router, *ROUTERS) for route in router.routes]
    return sorted(
        f"{method} {route.path_format}"
        for route in routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
        if route.path_format not in UNTOUCHED
    )


def _schema(document: dict[str, Any], fuzzed: int) -> Any:
    on = {"enabled": True}
    config = {
        "generation": {
            "deterministic": True,
            "max-examples": fuzzed,
            "database": "none",
            "with-security-parameters": False,
        },
        "phases": {
            "examples": on,
            "coverage": {"enabled": fuzzed > FUZZED["quick"]},
            "fuzzing": on,
        },
        "checks": {
            "positive_data_acceptance": {"enabled": False},
            "ignored_auth": {"enabled": False},
            # A list too long for its shape may be too long for a body as well.
            "negative_data_rejection": {
                "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
            },
        },
    }
    return schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(config))


@pytest.fixture(scope="session")
def quick(example_town_file: tuple[Any, Any]) -> Any:
    """The document as schemathesis reads it, for a few cases each."""
    return _schema(example_town_file[1].document, FUZZED["quick"])


@pytest.fixture(scope="session")
def thorough(example_town_file: tuple[Any, Any]) -> Any:
    """The same for many cases each."""
    return _schema(example_town_file[1].document, FUZZED["long"])


@pytest.mark.parametrize("label", _labels())
def test_schemathesis_finds_nothing(label: str, quick: Any, example_town: Any) -> None:
    _fuzz(label, quick, example_town)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("label", _labels())
def test_schemathesis_finds_nothing_in_many_more_cases(
    label: str, thorough: Any, example_town: Any
) -> None:
    _fuzz(label, thorough, example_town)


def _fuzz(label: str, schema: Any, town: Any) -> None:
    method, path = label.split()
    operation = schema[path][method]
    documented = town.document["paths"][path][method.lower()]
    client = asgi.get_client(town.app)
    client.headers["Authorization"] = f"Bearer {town.token}"
    if label in BY_A_HEAD:
        town.app.state.identifier = _Head(town)
    if label in AFTER_THE_MONTH:
        town.clock.advance(timedelta(days=30))
    succeeded = 0
    turn = itertools.cycle((False, True))

    def one(case: Any) -> None:
        nonlocal succeeded
        if next(turn):
            _name_what_is_there(case, label)
        if "/hooks/" in path:
            _sign(case, town)
        answer = case.call(base_url=BASE_URL, session=client)
        case.validate_response(answer)
        _names_its_problem(documented, method, answer)
        if answer.status_code < 300:
            succeeded += 1
            if succeeded == 1 and documented[RIGHT_FIELD] != "public":
                _needs_the_token(client, answer, path)

    build_operation_test(
        config=schema.config,
        operation=operation,
        test_func=one,
        given_kwargs={},
        feedback=FeedbackSources(),
    )()
    # What the town was made by succeeded then: its example names a row that is there by now.
    status, _ = town.answers.get(label, (0, None))
    past = succeeded or 200 <= status < 300
    assert past or label in NEVER_SUCCEED, "no case got past the refusals"


THERE: Final = {
    "reservation_key": ids.RESERVATION_KEY,
    "series_key": "tennis-club",
    "holder_id": ids.HOLDER,
    "closure_id": ids.CLOSURE,
    "feed_id": ids.FEED,
    "application_id": ids.APPLICATION,
    "rule_id": ids.CHAIN_RULE,
    "webhook_id": ids.WEBHOOK,
    "delivery_id": ids.DELIVERY,
    "source_id": ids.WEBHOOK_SOURCE,
    "notice_id": ids.NOTICE,
    "profile_id": ids.CSV_PROFILE,
    "import_id": ids.CSV_IMPORT,
    "excludes": [ids.HALF],
    "facility_id": ids.FACILITY,
    "booking_id": ids.BOOKING,
    "site_id": ids.SITE,
    "controller_id": ids.CONTROLLER,
    "door_id": ids.DOOR,
    "device_id": ids.LOCK,
    "person_id": ids.PERSON,
    "group_id": ids.GROUP,
    "card_id": ids.CARD,
    "schedule_id": ids.SCHEDULE,
    "calendar_id": ids.CALENDAR,
    "zone_id": ids.ZONE,
    "key_box_id": ids.KEY_BOX,
    "emergency_id": ids.EMERGENCY,
    "command_id": ids.COMMAND,
    "user_id": ids.USER,
    "token_id": ids.TOKEN,
    "doors": [ids.DOOR],
    "key_boxes": [ids.KEY_BOX],
    "profile": "quarter",
}
"""Names of parameters and fields, and what is there under them."""

_SEEN: Final = {"version": 1, "step": 0}
_MONTH: Final = "2026-04"
THERE_FOR: Final[dict[str, dict[str, Any]]] = {
    "POST /api/v1/applications/{application_id}/approve": {
        "application_id": ids.APPLICATION_WAITING,
        **_SEEN,
    },
    "POST /api/v1/applications/{application_id}/return": {
        "application_id": ids.APPLICATION_UNCLEAR,
        **_SEEN,
    },
    "POST /api/v1/applications/{application_id}/reject": {
        "application_id": ids.APPLICATION_NEEDLESS,
        **_SEEN,
    },
    "POST /api/v1/applications/{application_id}/cancel": {
        "application_id": ids.APPLICATION_APPROVED
    },
    "GET /api/v1/rosters/plan": {
        "person": ids.PERSON,
        "first": "2026-04-01",
        "last": "2026-04-30",
    },
    "POST /api/v1/attendance/months/{month}/sign": {"month": _MONTH, "fingerprint": None},
    "POST /api/v1/attendance/closings/{month}/{department_id}/sign": {
        "month": _MONTH,
        "department_id": ids.DEPARTMENT,
        "fingerprint": None,
    },
    "POST /api/v1/attendance/closings/{month}/{department_id}/close": {
        "month": _MONTH,
        "department_id": ids.DEPARTMENT,
        "cause": "打刻機の故障",
    },
    "DELETE /api/v1/staff/departments/{row_id}": {"row_id": ids.EMPTY_DEPARTMENT},
}
"""What stands over it for one operation: a row in the state that it asks for."""

BY_A_HEAD: Final = frozenset(
    {
        "GET /api/v1/rosters/plan",
        "POST /api/v1/attendance/months/{month}/sign",
        "POST /api/v1/attendance/closings/{month}/{department_id}/sign",
    }
)
"""What only somebody does who is of the staff: a token is nobody."""

AFTER_THE_MONTH: Final = frozenset(
    {"POST /api/v1/attendance/closings/{month}/{department_id}/close"}
)
"""What nobody does before the month is over."""


class _Head:
    """Takes the town's token for an administrator who leads the examples' department."""

    def __init__(self, town: Any) -> None:
        self._accounts = town.hub.services.get(AccountsService)
        theirs = employments.c.person_id == ids.PERSON
        town.hub.core.db.write(lambda scope: scope.update(employments, {"heads": True}, theirs))

    def by_token(self, token: str) -> Principal | None:
        """Give the head."""
        who: Principal | None = self._accounts.by_token(token)
        return who and replace(who, person_id=ids.PERSON)

    def by_session(self, cookie: str) -> Principal | None:
        """Give whoever it is."""
        found: Principal | None = self._accounts.by_session(cookie)
        return found


def _sign(case: Any, town: Any) -> None:
    """Good data is signed as its source would: what lies behind the signature is reached too."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.headers.update(town.signed(json.dumps(case.body).encode()))


def _name_what_is_there(case: Any, label: str) -> None:
    """Put ids of rows that are there where good data names one that was made up."""
    there = THERE | THERE_FOR.get(label, {})
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    places = [case.path_parameters, case.query, case.body]
    for place in places:
        if isinstance(place, dict):
            for name in place.keys() & there.keys():
                if place[name] is not None:
                    place[name] = there[name]


NEVER_SUCCEED: Final = {
    "POST /api/v1/delegations": "a token is nobody, and lets nobody stand in",
    "POST /api/v1/cards/{card_id}/rekey": "the card has to have a key of a set",
    "POST /api/v1/card-key-sets/{set_id}/finish": "a new master has to be on its way to the cards",
    "POST /api/v1/readers/{reader_id}/enrolment": "one stands there already",
    "POST /api/v1/bookings/{reservation_key}/backup_codes": "its controller has to be away",
    "POST /api/v1/csv_imports/{import_id}/confirm": "a newer file has to lack many bookings",
    "POST /api/v1/staff/people/{person_id}/block": "they have to have left",
    "POST /api/v1/csv_imports": "schemathesis names no file; `test_api_examples.py` sends one",
    "POST /api/v1/csv_profiles": "a shape cannot say which columns a file needs; PUT does succeed",
}


def _names_its_problem(documented: dict[str, Any], method: str, answer: Any) -> None:
    """Whatever is refused is refused with a problem that the document names for it."""
    asked = answer.request.method
    if answer.status_code < 400 or asked != method:
        return
    code = answer.json()["code"]
    routed_elsewhere = answer.status_code in (404, 405)  # an id that is no part of a path
    assert code in documented[PROBLEMS_FIELD] or routed_elsewhere, code
    assert "Traceback" not in answer.text


def _needs_the_token(client: Any, answer: Any, path: str) -> None:
    """The same request without the token, or with another, is refused."""
    if path == OPEN_TO_THIS_MACHINE:
        return
    for header in ("", "Bearer kgm_" + "A" * 43):
        headers = {**answer.request.headers, "Authorization": header}
        again = client.request(
            answer.request.method, answer.request.url, data=answer.request.body, headers=headers
        )
        assert again.status_code == 401, header


def test_every_untouched_route_is_there(example_town: Any) -> None:
    assert set(UNTOUCHED) <= set(example_town.document["paths"])
