"""/api/v1/bookings/{key}/guess_risk and /api/v1/doors/{id}/pins/reissue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from hub.bookings.door_reissues import DoorReissue, DoorReissues
from hub.bookings.endpoints import ReservationKey
from hub.bookings.risks import BookingRisk, BookingRisks
from hub.pins.tables import PinVariant
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import BodyIn
from hub.web.identity import requires
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["PINs"])

Risks = Annotated[BookingRisks, provided(BookingRisks)]
Reissues = Annotated[DoorReissues, provided(DoorReissues)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Reissuer = Annotated[Principal, requires(Right.SITES_WRITE)]
DoorId = Annotated[str, Path(max_length=80)]

_BOOKING = ids.BOOKING
_DOOR = ids.DOOR


class RiskAtDoorOut(BaseModel):
    """One door of a booking."""

    model_config = ConfigDict(from_attributes=True)

    door_id: str
    live: int = Field(description="PINs that can be found out there while the booking's can.")
    tries: int = Field(description="The most wrong PINs that its keypads take in that time.")
    chance: float = Field(description="That any of the live ones is hit.")


class BookingRiskOut(BaseModel):
    """What guessing a booking's PINs comes to: every figure is an upper bound."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "booking_id": _BOOKING,
                    "pins": 2,
                    "digits": [6],
                    "tries": 90,
                    "chance": 0.000189,
                    "bound": 0.01,
                    "at_doors": [{"door_id": _DOOR, "live": 2, "tries": 45, "chance": 0.000094}],
                }
            ]
        },
    )

    booking_id: str
    pins: int = Field(description="How many PINs the booking has, duress PINs included.")
    digits: list[int] = Field(description="How many digits they have.")
    tries: int = Field(description="The most wrong PINs that all its doors' keypads take together.")
    chance: float = Field(
        description="That one of its own PINs is hit by somebody who uses up every keypad "
        "of every door at which they are live, from an hour before their window to its end."
    )
    bound: float
    at_doors: list[RiskAtDoorOut]

    @classmethod
    def of(cls, found: BookingRisk) -> BookingRiskOut:
        """Show it."""
        return cls.model_validate(found)


class DoorReissueIn(BodyIn):
    """Why every PIN of a door is to be another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "制御装置の盗難", "ahead": False}]},
    )

    reason: Annotated[str, Field(min_length=1, max_length=100)]
    ahead: bool = Field(
        False, description="Those as well that the door's controller has not been sent yet."
    )


class ToTellOut(BaseModel):
    """A holder who has to be told."""

    model_config = ConfigDict(from_attributes=True)

    booking_id: str
    reservation_key: str
    holder_id: str
    credential_id: str
    variant: PinVariant
    old_open_at: list[str] = Field(
        description="At these doors the old digits open until the door has proven the new ones."
    )


class DoorReissueOut(BaseModel):
    """What came of it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "door_id": _DOOR,
                    "reissued": [
                        {
                            "booking_id": _BOOKING,
                            "reservation_key": "kokaido-2026-0412",
                            "holder_id": ids.HOLDER,
                            "credential_id": ids.CREDENTIAL,
                            "variant": "ordinary",
                            "old_open_at": [_DOOR],
                        }
                    ],
                    "revoked": 2,
                    "sealed": False,
                }
            ]
        },
    )

    door_id: str
    reissued: list[ToTellOut]
    revoked: int = Field(description="Standing codes; others are drawn in their place.")
    sealed: bool = Field(
        description="The door takes sealed codes too: set them up anew to replace their secret."
    )

    @classmethod
    def of(cls, found: DoorReissue) -> DoorReissueOut:
        """Show it."""
        return cls.model_validate(found)


@router.get("/bookings/{reservation_key}/guess_risk", summary="How safe are a booking's PINs?")
def booking_guess_risk(
    who: Reader, service: Risks, reservation_key: ReservationKey
) -> BookingRiskOut:
    """The chance of guessing one of its PINs at all its doors together, and any PIN at each."""
    return BookingRiskOut.of(service.of(who, reservation_key))


@router.post("/doors/{door_id}/pins/reissue", summary="Replace every PIN that a door knew")
def reissue_at_door(
    who: Reissuer, service: Reissues, door_id: DoorId, given: DoorReissueIn
) -> DoorReissueOut:
    """After a leak at a door or the theft of its controller. Gives whom to tell; each is told as
    `pin.changed` too. The old digits die at each door as it proves the new ones."""
    return DoorReissueOut.of(service.reissue(who, door_id, given.reason, ahead=given.ahead))
