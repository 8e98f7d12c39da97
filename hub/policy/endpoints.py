"""/api/v1/controllers/{id}/policy: what it should hold, and what it has proven to hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from hub.policy.comparison import Comparison, DifferenceKind, PolicyComparisons, PolicyStanding
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["policy"])
Service = Annotated[PolicyComparisons, provided(PolicyComparisons)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]

_EXAMPLE_DIGEST: Final = "9f2c4e0a7b1d3856e4c09a7f51b26d83c9e07f4a1b5d62e83f094c7a5d18b6e2"


_DIFFERENCE: Final[JsonDict] = {
    "kind": "grant",
    "id": ids.GRANT,
    "difference": "put",
    "reason": "",
}


class DifferenceOut(BaseModel):
    """An entry that the controller is not proven to hold as it should."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DIFFERENCE]})

    kind: str
    id: str
    difference: DifferenceKind
    reason: str = Field(description="Why the controller left it out; empty for the others.")


class ComparisonOut(BaseModel):
    """Desired and reported, side by side. Only a digest proves what a door holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "controller_id": ids.CONTROLLER,
                    "standing": "behind",
                    "connected": True,
                    "desired_version": 412,
                    "desired_digest": _EXAMPLE_DIGEST,
                    "proven_version": 411,
                    "reported_version": 411,
                    "reported_digest": _EXAMPLE_DIGEST[::-1],
                    "reported_at": "2026-04-06T00:00:00Z",
                    "entries": 318,
                    "waiting": 1,
                    "differences": [_DIFFERENCE],
                }
            ]
        }
    )

    controller_id: str
    standing: PolicyStanding
    connected: bool
    desired_version: int
    desired_digest: str
    proven_version: int = Field(description="The newest version its digest has proven.")
    reported_version: int | None
    reported_digest: str | None
    reported_at: datetime | None
    entries: int = Field(description="How many entries it should hold.")
    waiting: int = Field(description="How many differences there are in all.")
    differences: list[DifferenceOut] = Field(description="At most 500; none in the list of all.")

    @classmethod
    def of(cls, found: Comparison) -> ComparisonOut:
        """Show one."""
        return cls(
            controller_id=found.controller_id,
            standing=found.standing,
            connected=found.connected,
            desired_version=found.desired_version,
            desired_digest=found.desired_digest,
            proven_version=found.proven_version,
            reported_version=found.reported_version,
            reported_digest=found.reported_digest,
            reported_at=found.reported_at,
            entries=found.entries,
            waiting=found.waiting,
            differences=[
                DifferenceOut(
                    kind=each.key.kind, id=each.key.id, difference=each.kind, reason=each.reason
                )
                for each in found.differences
            ],
        )


@router.get("/policies", summary="Does each controller hold what it should?")
def list_comparisons(who: Reader, service: Service) -> list[ComparisonOut]:
    """Every controller in use, without the differences."""
    return [ComparisonOut.of(each) for each in service.all(who)]


@router.get("/controllers/{controller_id}/policy", summary="Compare a controller's policy")
def compare(who: Reader, service: Service, controller_id: str) -> ComparisonOut:
    """What it should hold beside what it has proven to hold, entry by entry."""
    return ComparisonOut.of(service.of(who, controller_id))
