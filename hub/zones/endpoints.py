"""/api/v1/zones/{id}/occupancy and forgive, /api/v1/people/{id}/forgive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.people.person_schemas import PersonOut
from hub.web.core import provided
from hub.web.fields import BodyIn, shown
from hub.web.identity import requires
from hub.web.rights import Principal, Right
from hub.zones import examples
from hub.zones.domain import Occupancy
from hub.zones.service import ZonesService

router = APIRouter(prefix="/api/v1", tags=["zones"])
Service = Annotated[ZonesService, provided(ZonesService)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]
Forgiver = Annotated[Principal, requires(Right.ZONES_FORGIVE)]


class InsideOut(BaseModel):
    """Somebody inside."""

    person_id: str
    since: datetime
    door_id: str = Field(description="By which they went in.")


class OccupancyOut(BaseModel):
    """Who is inside a zone. Persons count; who came by a booking's PIN does not."""

    model_config = shown(examples.OCCUPANCY_OUT)

    zone_id: str
    count: int
    occupancy_max: int | None
    known: bool = Field(
        description="False: a controller of the zone is away, and `count` is as of `as_of`; or a "
        "door stands open to everybody."
    )
    as_of: datetime
    away: list[str] = Field(description="The controllers that cannot be reached.")
    open_doors: list[str] = Field(description="By these anybody may go in now.")
    unwatched_doors: list[str] = Field(
        description="Who leaves here is counted until the zone forgets: no reader on the way out."
    )
    inside: list[InsideOut] | None = Field(
        description="Who they are, the first one first; null without the right `people:read`."
    )

    @classmethod
    def of(cls, found: Occupancy, who: Principal) -> OccupancyOut:
        """Show it, as far as somebody may know."""
        inside = [
            InsideOut(person_id=each.person_id, since=each.since, door_id=each.door_id)
            for each in found.inside
        ]
        return cls(
            zone_id=found.zone.id,
            count=found.count,
            occupancy_max=found.zone.occupancy_max,
            known=found.known,
            as_of=found.as_of,
            away=sorted(found.away),
            open_doors=[door.id for door in found.standing_open],
            unwatched_doors=[door.id for door in found.unwatched],
            inside=inside if who.may(Right.PEOPLE_READ) else None,
        )


class ForgiveIn(BodyIn):
    """Why whereabouts are forgotten."""

    model_config = shown(examples.FORGIVE_IN)

    reason: Annotated[str, Field(min_length=1, max_length=200, description="For the audit log.")]


@router.get("/zones/{zone_id}/occupancy", summary="Who is inside a zone?")
def read_occupancy(who: Reader, service: Service, zone_id: str) -> OccupancyOut:
    """From passages that were let in and opened, and what the zone's rules have not forgotten."""
    return OccupancyOut.of(service.occupancy(who, zone_id), who)


@router.post("/zones/{zone_id}/forgive", summary="Forget everybody in a zone")
def forgive_zone(who: Forgiver, service: Service, zone_id: str, given: ForgiveIn) -> OccupancyOut:
    """Everybody may go in again, and the count begins at nobody; at the doors as soon as their
    controllers hear of it."""
    service.forgive_zone(who, zone_id, given.reason)
    return OccupancyOut.of(service.occupancy(who, zone_id), who)


@router.post("/people/{person_id}/forgive", summary="Forget where somebody is")
def forgive_person(who: Forgiver, service: Service, person_id: str, given: ForgiveIn) -> PersonOut:
    """They may go in again, wherever they are thought to be."""
    return PersonOut.model_validate(service.forgive_person(who, person_id, given.reason))
