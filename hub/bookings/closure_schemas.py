"""What goes over HTTP of closed days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, Field, model_validator

from hub.bookings.closures import Closure, ClosureSet
from hub.bookings.common_schemas import Id, ShapeIn, example
from hub.web import example_ids as ids
from hub.web.fields import CalendarDate

_DAYS_MAX: Final = 400
_EXAMPLE = {
    "site_id": ids.SITE,
    "facility_id": None,
    "first_day": "2026-12-29",
    "last_day": "2027-01-03",
    "reason_ja": "年末年始",
    "reason_easy": "年末と正月の休みです",
    "reason_en": "New Year",
}


Day = CalendarDate
Reason = Annotated[str, Field(max_length=200)]


class ClosureIn(ShapeIn):
    """Days on which a facility, or every facility of a site, is closed: both ends included."""

    model_config = example(_EXAMPLE)

    site_id: Id
    facility_id: Id | None = Field(None, description="One facility alone; its site counts then.")
    first_day: Day
    last_day: Day
    reason_ja: Annotated[str, Field(min_length=1, max_length=200)]
    reason_easy: Reason = ""
    reason_en: Reason = ""

    @model_validator(mode="after")
    def _forward(self) -> ClosureIn:
        if not 0 <= (self.last_day - self.first_day).days < _DAYS_MAX:
            raise ValueError(f"the last day is not before the first, nor {_DAYS_MAX} days after it")
        return self

    def closure(self) -> Closure:
        """The closure, its id still to be made."""
        return Closure(id="", **self.model_dump())


class ClosureOut(BaseModel):
    """A closure, and the bookings that stand within it all the same: they stay until a person
    changes or cancels them."""

    model_config = example(
        {
            "id": ids.CLOSURE,
            **_EXAMPLE,
            "standing": [],
        }
    )

    id: str
    site_id: str
    facility_id: str | None
    first_day: date
    last_day: date
    reason_ja: str
    reason_easy: str
    reason_en: str
    standing: list[str] = Field(description="Their reservation keys; 200 at most.")

    @classmethod
    def of(cls, found: ClosureSet) -> ClosureOut:
        """Show a closure."""
        closure = found.closure
        return cls(
            id=closure.id,
            site_id=closure.site_id,
            facility_id=closure.facility_id,
            first_day=closure.first_day,
            last_day=closure.last_day,
            reason_ja=closure.reason_ja,
            reason_easy=closure.reason_easy,
            reason_en=closure.reason_en,
            standing=[each.reservation_key for each in found.standing],
        )
