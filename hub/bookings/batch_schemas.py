"""What goes over HTTP of several bookings at once, and of a booking's history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.bookings.batch import BatchResult
from hub.bookings.common_schemas import ShapeIn, example
from hub.bookings.history import HistoryLine, HistorySource
from hub.bookings.schemas import BOOKING_IN, BOOKING_OUT, BookingIn, BookingOut
from hub.web import example_ids as ids

ITEMS_MAX = 200
KEY_PATTERN = r"^[A-Za-z0-9._:~-]+$"
_PROBLEM = {"status": 409, "code": "double_booked", "detail": "the facility is booked", "extra": {}}
_LINE = {
    "at": "2026-04-09T00:00:02Z",
    "source": "placement",
    "what": "confirm",
    "cause": "digest of version 41",
    "door_id": ids.DOOR,
    "holder_id": ids.HOLDER,
    "state": "placed",
    "details": {},
}


class BatchItemIn(ShapeIn):
    """One booking under its key, as PUT takes it."""

    model_config = example({"reservation_key": ids.RESERVATION_KEY, "booking": BOOKING_IN})

    reservation_key: Annotated[str, Field(min_length=1, max_length=128, pattern=KEY_PATTERN)]
    booking: BookingIn


class BatchIn(ShapeIn):
    """Several bookings, each made or changed by itself, in order."""

    model_config = example(
        {"items": [{"reservation_key": ids.RESERVATION_KEY, "booking": BOOKING_IN}]}
    )

    items: Annotated[list[BatchItemIn], Field(min_length=1, max_length=ITEMS_MAX)]


class ItemStatus(StrEnum):
    """What became of one item."""

    MADE = "made"
    CHANGED = "changed"
    """Or found as it was wanted."""
    REFUSED = "refused"


class ItemProblemOut(BaseModel):
    """Why one item was refused: as the problem document of PUT would say."""

    model_config = example(_PROBLEM)

    status: int
    code: str
    detail: str
    extra: dict[str, Any]


class BatchItemOut(BaseModel):
    """What became of one item: its booking, or the problem."""

    model_config = example(
        {
            "reservation_key": ids.RESERVATION_KEY,
            "result": "refused",
            "booking": None,
            "problem": _PROBLEM,
        }
    )

    reservation_key: str
    result: ItemStatus
    booking: BookingOut | None
    problem: ItemProblemOut | None

    @classmethod
    def of(cls, found: BatchResult) -> BatchItemOut:
        """Show one."""
        problem, view = found.problem, found.view
        if problem is not None or view is None:
            return cls(
                reservation_key=found.reservation_key,
                result=ItemStatus.REFUSED,
                booking=None,
                problem=None
                if problem is None
                else ItemProblemOut(
                    status=int(problem.kind.status),
                    code=problem.kind.code,
                    detail=problem.detail,
                    extra=dict(problem.extra),
                ),
            )
        return cls(
            reservation_key=found.reservation_key,
            result=ItemStatus.MADE if found.new else ItemStatus.CHANGED,
            booking=BookingOut.of(view),
            problem=None,
        )


class BatchOut(BaseModel):
    """What became of every item, in the order in which they came. `ok` only if none was refused."""

    model_config = example(
        {
            "ok": False,
            "made": 1,
            "changed": 0,
            "refused": 1,
            "items": [
                {
                    "reservation_key": ids.RESERVATION_KEY,
                    "result": "made",
                    "booking": BOOKING_OUT,
                    "problem": None,
                },
                {
                    "reservation_key": "yoyaku-2026-0410-0008",
                    "result": "refused",
                    "booking": None,
                    "problem": _PROBLEM,
                },
            ],
        }
    )

    ok: bool
    made: int
    changed: int
    refused: int
    items: list[BatchItemOut]

    @classmethod
    def of(cls, results: list[BatchResult]) -> BatchOut:
        """Show them all."""
        items = [BatchItemOut.of(each) for each in results]
        counted = {status: sum(each.result is status for each in items) for status in ItemStatus}
        return cls(
            ok=counted[ItemStatus.REFUSED] == 0,
            made=counted[ItemStatus.MADE],
            changed=counted[ItemStatus.CHANGED],
            refused=counted[ItemStatus.REFUSED],
            items=items,
        )


class HistoryLineOut(BaseModel):
    """One thing that happened to a booking: an action of somebody, something that was told, or a
    step of a PIN at one door, with what brought it about."""

    model_config = example(_LINE)

    at: datetime
    source: HistorySource
    what: str
    cause: str = Field(description="Who acted is left out for those who may not read the audit.")
    door_id: str | None
    holder_id: str | None
    state: str | None
    details: dict[str, Any]

    @classmethod
    def of(cls, line: HistoryLine) -> HistoryLineOut:
        """Show one."""
        return cls(
            at=line.at,
            source=line.source,
            what=line.what,
            cause=line.cause,
            door_id=line.door_id,
            holder_id=line.holder_id,
            state=line.state,
            details=dict(line.details),
        )
