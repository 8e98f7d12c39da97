"""/api/v1/doors/{id}/guess_risk, code_constraints and standing_codes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.pins.constraints import CodeRules
from hub.pins.pool_desk import DoorPools
from hub.pins.risk import GuessRisks
from hub.pins.schemas import CodeConstraintsOut, DoorRiskOut, PoolIn, PoolOut
from hub.web.core import provided
from hub.web.fields import Instant
from hub.web.identity import requires
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["PINs"])

Risks = Annotated[GuessRisks, provided(GuessRisks)]
Rules = Annotated[CodeRules, provided(CodeRules)]
Pools = Annotated[DoorPools, provided(DoorPools)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]
Writer = Annotated[Principal, requires(Right.SITES_WRITE)]
DoorId = Annotated[str, Path(max_length=80)]


@router.get("/doors/{door_id}/guess_risk", summary="How safe are a door's PINs?")
def door_guess_risk(
    who: Reader,
    service: Risks,
    door_id: DoorId,
    starts_at: Annotated[Instant | None, Query(description="Now, if left out.")] = None,
    ends_at: Annotated[
        Instant | None, Query(description="A day after `starts_at`, if left out.")
    ] = None,
) -> DoorRiskOut:
    """The chance that somebody who uses up the whole try budget of every keypad through a window
    hits any live PIN, duress PINs and standing codes included, and what one more PIN of so many
    digits would come to. Every figure is an upper bound."""
    return DoorRiskOut.of(service.of_door(who, door_id, starts_at, ends_at))


@router.get("/doors/{door_id}/code_constraints", summary="What codes does a door take?")
def code_constraints(who: Reader, service: Rules, door_id: DoorId) -> CodeConstraintsOut:
    """As data, for whoever has codes made for it: lengths, rules, how exactly windows are kept,
    what is left when the controller is away or dead."""
    return CodeConstraintsOut.of(service.of(who, door_id))


@router.get("/doors/{door_id}/standing_codes", summary="A door's pool of standing codes")
def standing_codes(who: Reader, service: Pools, door_id: DoorId) -> PoolOut:
    """How many the door has proven, who pulled which; never their digits."""
    return PoolOut.of(service.get(who, door_id))


@router.put("/doors/{door_id}/standing_codes", summary="Set up a door's pool")
def set_standing_codes(who: Writer, service: Pools, door_id: DoorId, given: PoolIn) -> PoolOut:
    """For locks that hold a list of their own and cannot check sealed codes. The codes are drawn
    now, count in the guess-risk, and can be pulled once the door has proven them. Size 0 takes away
    what nobody has pulled."""
    return PoolOut.of(service.set_up(who, door_id, given.size, given.life_days))
