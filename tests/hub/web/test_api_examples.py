"""The examples are true: sent to a hub, they are answered as the document says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import pytest

from hub.web import example_ids as ids
from hub.web.examples import METHODS, Examples, NoExampleError, example_of

REFUSED: Final = {
    "GET /api/v1/leave/balances": {"not_found"},  # a token is nobody
    "GET /api/v1/leave/entries": {"not_found"},
    "POST /api/v1/delegations": {"no_person"},
    "POST /api/v1/sites": {"already_exists"},
    "POST /api/v1/controllers": {"already_exists"},
    "POST /api/v1/zones": {"already_exists"},
    "POST /api/v1/devices": {"already_exists"},
    "POST /api/v1/doors": {"already_exists"},
    "POST /api/v1/readers": {"already_exists"},
    "POST /api/v1/people": {"already_exists"},
    "POST /api/v1/cards": {"already_exists"},
    "POST /api/v1/cards/{card_id}/rekey": {"invalid"},  # a FeliCa card is none of that set
    "POST /api/v1/groups": {"already_exists"},
    "POST /api/v1/schedules": {"already_exists"},
    "POST /api/v1/calendars": {"already_exists"},
    "POST /api/v1/users": {"already_exists"},
    "POST /api/v1/key_boxes": {"already_exists"},
    "POST /api/v1/key_boxes/{key_box_id}/provisioning": {"already_provisioned"},
    "POST /api/v1/csv_profiles": {"already_exists"},
    "POST /api/v1/payroll/profiles": {"already_exists"},
    "POST /api/v1/csv_imports/{import_id}/confirm": {"conflict"},
    "POST /api/v1/staff/departments": {"already_exists"},
    "POST /api/v1/staff/profiles": {"already_exists"},
    "POST /api/v1/staff/people/{person_id}/employments": {"employments_overlap"},
    "POST /api/v1/staff/people/{person_id}/block": {"not_left"},
    "DELETE /api/v1/staff/departments/{row_id}": {"in_use"},
    "POST /api/v1/feeds/{feed_id}/dismiss_shrink": {"conflict"},
    "POST /api/v1/bookings/{reservation_key}/backup_codes": {"doors_connected"},
    "DELETE /api/v1/bookings/{reservation_key}": {"state_change"},
    "POST /api/v1/cards/{card_id}/unblock": {"conflict"},
    "POST /api/v1/attendance/months/{month}/sign": {"forbidden"},  # a token is nobody
    "POST /api/v1/attendance/closings/{month}/{department_id}/sign": {"forbidden"},  # likewise
    "POST /api/v1/attendance/closings/{month}/{department_id}/close": {"month_closed"},
    "GET /api/v1/rosters/plan": {"forbidden"},  # likewise
    "POST /api/v1/shift_codes": {"already_exists"},
    "POST /api/v1/work_patterns": {"already_exists"},
    "POST /api/v1/pattern_assignments": {"already_exists"},
    "POST /api/v1/cards/{card_id}/reissue": {"conflict"},
    "POST /api/v1/readers/{reader_id}/enrolment": {"conflict"},
}
"""What the town refuses because it was made of that very example: it is there already,
or since another example was before it."""

OF_OTHERS: Final = re.compile(
    r"/(tickets|applications|emergencies|battery|commands|bookings|booking_series|feeds|csv_imports|webhooks|webhook_sources|test)(/|$)"
)
"""Routes whose answers hold what others tell later."""

OF_THE_MOMENT: Final = re.compile(
    r"(_at|_by|actor|token|order_no|sent_at|expires|maintenance_secret|hash|seq)$"
)
"""Fields that depend on when and by whom."""


def _calls(town: Any) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, item in town.document["paths"].items():
        for method in METHODS:
            if method in item and not path.endswith("/stream"):
                yield f"{method.upper()} {path}", method.upper(), path, item[method]


OUT_OF_TURN: Final[dict[str, float]] = {
    "POST /api/v1/applications/{application_id}/submit": 0.5,  # a change makes a new version
    "POST /api/v1/attendance/adjustments/{adjustment_id}/sign": 1,  # reopening settles it
    "POST /api/v1/cards/{card_id}/reissue": 3,  # it withdraws the card
    "POST /api/v1/visits/{visit_id}/cancel": 3,
    "POST /api/v1/bookings/{reservation_key}/pin/reissue": 1,  # key boxes have few codes
    "POST /api/v1/hooks/{source_id}": 1,  # it says who the holders are: one
    "PATCH /api/v1/webhook_sources/{source_id}": 3,
    "POST /api/v1/bookings/{reservation_key}/reject": 5,
    "DELETE /api/v1/bookings/{reservation_key}": 6,
}
"""What ends something that other calls need, or goes before one."""
_TURNS: Final = {"GET": 0, "PUT": 1, "PATCH": 1, "POST": 2, "DELETE": 4}


def _turn(call: tuple[str, str, str, dict[str, Any]]) -> float:
    where, method, *_ = call
    return OUT_OF_TURN.get(where, _TURNS[method])


def test_every_example_of_a_call_succeeds(example_town: Any, example_towns: ModuleType) -> None:
    """Those that read first, then those that change, those that take away last."""
    unexpected = []
    with example_town.client() as client:
        for where, method, path, operation in sorted(_calls(example_town), key=_turn):
            sign = example_town.signed if "/hooks/" in path else lambda _: {}
            answer = example_towns.send_example(client, method, path, operation, headers=sign)
            if answer.status_code >= 300 and answer.json()["code"] not in REFUSED.get(where, ()):
                unexpected.append((where, answer.status_code, answer.text[:200]))
    assert unexpected == [], "\n".join(map(str, unexpected))


def test_what_made_the_town_was_answered_as_the_examples_show(example_town: Any) -> None:
    compared = 0
    for where, (status, answer) in example_town.answers.items():
        method, path = where.split()
        operation = example_town.document["paths"][path][method.lower()]
        content = operation["responses"].get(str(status), {}).get("content", {})
        try:
            shown = example_of(content.get("application/json", {}))
        except NoExampleError:
            continue  # one whose shapes get theirs elsewhere
        if re.search(OF_OTHERS, path):
            assert set(shown) <= set(answer) | {"receipt"}, where  # what others tell
            continue
        assert _lasting(answer) == _lasting(shown), where
        compared += 1
    assert compared > 15


def _lasting(value: Any) -> Any:
    """What does not depend on the moment; the framework leaves nulls out of examples."""
    if isinstance(value, dict):
        return {
            name: _lasting(inner)
            for name, inner in value.items()
            if inner is not None and not OF_THE_MOMENT.search(name)
        }
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    return value


# --- how examples are put together ---------------------------------------------------------------


def _examples(schemas: dict[str, Any], paths: dict[str, Any] | None = None) -> Examples:
    return Examples({"components": {"schemas": schemas}, "paths": paths or {}})


def test_a_shape_without_its_own_example_is_put_together_from_its_fields() -> None:
    schemas = {
        "Inner": {"type": "object", "examples": [{"id": "a"}]},
        "Outer": {
            "type": "object",
            "properties": {
                "many": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
                "kind": {"enum": ["b", "c"]},
                "maybe": {"anyOf": [{"type": "null"}, {"type": "integer", "default": 3}]},
            },
        },
    }
    made = _examples(schemas).of({"$ref": "#/components/schemas/Outer"})
    assert made == {"many": [{"id": "a"}], "kind": "b", "maybe": 3}


def test_a_null_that_the_framework_left_out_of_an_example_is_there_again() -> None:
    nullable = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    inner = {"type": "object", "required": ["b"], "properties": {"b": nullable}}
    outer = {
        "type": "object",
        "required": ["a", "inner"],
        "properties": {"a": nullable, "inner": inner, "optional": nullable},
        "examples": [{"inner": {}}],
    }
    assert _examples({}).of(outer) == {"a": None, "inner": {"b": None}}


def test_what_has_no_example_is_named() -> None:
    schemas = {"Lone": {"type": "object", "properties": {"text": {"type": "string"}}}}
    with pytest.raises(NoExampleError, match=r"Lone\.text"):
        _examples(schemas).of({"$ref": "#/components/schemas/Lone"})


def test_an_id_in_a_path_is_that_of_the_first_row_of_the_collection_before_it(
    example_town: Any,
) -> None:
    paths = example_town.document["paths"]

    def shown(path: str, method: str) -> Any:
        (parameter,) = [p for p in paths[path][method]["parameters"] if p["in"] == "path"]
        return parameter["example"]

    assert shown("/api/v1/doors/{row_id}", "get") == ids.DOOR
    assert shown("/api/v1/doors/{door_id}/state", "get") == ids.DOOR
    assert shown("/api/v1/commands/{command_id}", "get") == ids.COMMAND
    assert shown("/api/v1/devices/{device_id}/battery", "put") == ids.LOCK
    assert shown("/api/v1/alarms/{alarm_id}/acknowledge", "post") == 20_477
