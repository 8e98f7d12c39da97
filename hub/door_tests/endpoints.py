"""/api/v1/doors/{id}/tests."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.door_tests import examples
from hub.door_tests.domain import Standing, TestedBy
from hub.door_tests.service import DoorTestsService
from hub.web.core import provided
from hub.web.fields import BodyIn, shown
from hub.web.identity import requires
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["doors"])
Tests = Annotated[DoorTestsService, provided(DoorTestsService)]


class DoorTestIn(BodyIn):
    """A test of a door that somebody has just made there."""

    model_config = shown(examples.DOOR_TEST_IN)

    passed: bool
    cause: Annotated[str, Field(max_length=64, description="What was wrong, if it failed.")] = ""
    note: Annotated[str, Field(max_length=500)] = ""


class DoorTestOut(BaseModel):
    """One test."""

    model_config = shown(examples.DOOR_TEST_OUT) | ConfigDict(from_attributes=True)

    id: str
    door_id: str
    told_by: TestedBy = Field(description="A clerk at the door, or its controller (`pi`).")
    passed: bool
    cause: str
    note: str
    actor: str | None
    tested_at: datetime
    recorded_at: datetime


class DoorTestsOut(BaseModel):
    """A door's tests, the newest first, and how it stands by the latest."""

    model_config = shown(examples.DOOR_TESTS_OUT)

    standing: Standing = Field(description="`overdue` where the latest is older than a year.")
    tests: list[DoorTestOut]


class DoorStandingOut(BaseModel):
    """How a door stands by its latest test."""

    model_config = shown(examples.DOOR_STANDING_OUT) | ConfigDict(from_attributes=True)

    door_id: str
    standing: Standing
    latest: DoorTestOut | None


@router.get("/door-tests", summary="How every door stands")
def list_standings(
    who: Annotated[Principal, requires(Right.DOORS_READ)],
    service: Tests,
    standing: Annotated[list[Standing] | None, Query(description="Only these.")] = None,
) -> list[DoorStandingOut]:
    """Which doors somebody has to go to: `?standing=never&standing=failed&standing=overdue`."""
    found = service.every_door(who)
    return [
        DoorStandingOut.model_validate(each)
        for each in found
        if standing is None or each.standing in standing
    ]


@router.post("/doors/{door_id}/tests", status_code=HTTPStatus.CREATED, summary="Tell of a test")
def tell_of_test(
    who: Annotated[Principal, requires(Right.DOORS_TEST)],
    service: Tests,
    door_id: str,
    given: DoorTestIn,
) -> DoorTestOut:
    """Open and close the door, watch what its page says of the leaf, and tell whether it was right.
    `kagimori-edge test` at the Pi does the same by itself."""
    made = service.tell(who, door_id, passed=given.passed, cause=given.cause, note=given.note)
    return DoorTestOut.model_validate(made)


@router.get("/doors/{door_id}/tests", summary="A door's tests")
def list_tests(
    who: Annotated[Principal, requires(Right.DOORS_READ)], service: Tests, door_id: str
) -> DoorTestsOut:
    """The newest first."""
    tests = service.of_door(who, door_id)
    found = [DoorTestOut.model_validate(each) for each in tests.found]
    return DoorTestsOut(standing=tests.standing, tests=found)
