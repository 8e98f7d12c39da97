"""/api/v1/roll-call: who is inside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.visitors import examples
from hub.visitors.roll_call import Doubt, Known, RollCallService
from hub.web.core import provided
from hub.web.fields import shown
from hub.web.identity import requires
from hub.web.problems import NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["visitors"])


class RollLineOut(BaseModel):
    """Somebody to be looked for."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [examples.ROLL_CALL_OUT["lines"][0]]},
    )

    known_by: Known = Field(
        description="`zone`: let in by a door and not seen to leave. `door`: went by a door out of "
        "a zone into a part of the building that is none. `attendance`: at work today, "
        "where is not known. `register`: a visitor who was not signed out."
    )
    person_id: str | None
    visitor_id: str | None
    name: str
    name_kana: str
    department: str = Field(description="Of a visitor: their organisation.")
    zone_id: str | None
    zone: str
    since: datetime
    door: str = Field(description="By which they went in.")
    site_id: str | None


class UncertaintyOut(BaseModel):
    """Why the list may be wrong."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [examples.ROLL_CALL_OUT["doubts"][0]]},
    )

    doubt: Doubt
    name: str = Field(description="The door or controller it is about.")
    since: datetime | None


class RollCallOut(BaseModel):
    """Who is inside, as far as is known."""

    model_config = shown(examples.ROLL_CALL_OUT)

    at: datetime
    site_id: str | None
    sure: bool = Field(description="False: `doubts` says why.")
    count: int
    lines: list[RollLineOut]
    doubts: list[UncertaintyOut]


@router.get("/roll-call", summary="Who is inside?", responses=refuses(NOT_FOUND))
def call_roll(
    who: Annotated[Principal, requires(Right.ROLL_CALL)],
    service: Annotated[RollCallService, provided(RollCallService)],
    site_id: Annotated[
        str | None, Query(max_length=80, description="One site; all within reach if left out.")
    ] = None,
) -> RollCallOut:
    """Everybody to be looked for in an evacuation, by zone, and how sure that is."""
    found = service.call(who, site_id)
    return RollCallOut(
        at=found.at,
        site_id=found.site.id if found.site is not None else None,
        sure=found.is_sure,
        count=len(found.lines),
        lines=[RollLineOut.model_validate(each) for each in found.lines],
        doubts=[UncertaintyOut.model_validate(each) for each in found.doubts],
    )
