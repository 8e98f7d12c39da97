"""/api/v1/visitor-cards: the cards that are lent to visitors."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hub.people.domain import CardState
from hub.visitors import examples
from hub.visitors.service import VisitorsService
from hub.web.core import provided
from hub.web.fields import BodyIn, shown
from hub.web.identity import requires
from hub.web.problems import CONFLICT
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["visitors"])
Service = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
Id = Annotated[str, Field(min_length=1, max_length=80)]


class PoolCardOut(BaseModel):
    """A card that is lent to visitors."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.POOL_CARD_OUT]}
    )

    card_id: str
    label: str
    state: CardState
    site_id: str | None = Field(description="The desk at which it lies; null: any.")
    visitor_id: str | None = Field(description="Who has it.")
    visit_id: str | None
    given_at: datetime | None
    overdue: bool = Field(description="They left, or their visit is over, and it is not back.")


class VisitorCardIn(BodyIn):
    """At which desk a card of the pool lies."""

    model_config = shown(examples.POOL_IN)

    site_id: Id | None = None


@router.get("/visitor-cards", summary="List the cards for visitors")
def list_pool(who: Reader, service: Service) -> list[PoolCardOut]:
    """By label, with who has each and whether it should be back."""
    return [PoolCardOut.model_validate(each) for each in service.pool(who)]


@router.put(
    "/visitor-cards/{card_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Lend a card to visitors",
    responses=refuses(CONFLICT),
)
def add_to_pool(who: Writer, service: Service, card_id: str, body: VisitorCardIn) -> None:
    """The card is nobody's and opens nothing by itself."""
    service.add_to_pool(who, card_id, body.site_id)


@router.delete(
    "/visitor-cards/{card_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Lend a card no more",
    responses=refuses(CONFLICT),
)
def remove_from_pool(who: Writer, service: Service, card_id: str) -> None:
    """Not while somebody has it."""
    service.remove_from_pool(who, card_id)
