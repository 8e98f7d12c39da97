"""What goes over HTTP of series of bookings."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from hub.bookings.closure_schemas import Day
from hub.bookings.common_schemas import FIRST_YEAR, LAST_YEAR, Id, ShapeIn, WindowOut, example
from hub.bookings.recurrence import OCCURRENCES_MAX, RULE_CHARS
from hub.bookings.schemas import CONTACT, ContactIn, HolderIn
from hub.bookings.series import OccurrenceReport, OccurrenceResult, SeriesReport, SeriesWish
from hub.bookings.tables import BookingState, OnConflict, SeriesState
from hub.web import example_ids as ids

_FACILITY = ids.FACILITY
_SERIES = {
    "facility_id": _FACILITY,
    "rule": "FREQ=WEEKLY;BYDAY=TU;COUNT=10",
    "first_start": "2026-04-07T18:00:00",
    "first_end": "2026-04-07T20:00:00",
    "except_on": ["2026-05-05"],
    "on_conflict": "skip",
}
_OCCURRENCE = {
    "on": "2026-04-07",
    "reservation_key": "tennis-club:2026-04-07",
    "result": "made",
    "window": {"starts_at": "2026-04-07T09:00:00Z", "ends_at": "2026-04-07T11:00:00Z"},
    "code": "",
}


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        raise ValueError("a local time carries no offset: it is the facility's wall clock")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR - 4:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR - 4}")
    return moment


_LOCAL_TIME = (
    r"^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
)


def _as_written(given: Any) -> Any:
    if isinstance(given, str) and not re.match(_LOCAL_TIME, given):
        raise ValueError("write a local time as 2026-04-07T18:00")
    return given


LocalTime = Annotated[
    datetime,
    BeforeValidator(_as_written),
    AfterValidator(_local),
    WithJsonSchema({"type": "string", "pattern": _LOCAL_TIME}),
]
"""A wall clock's time, without an offset: no `date-time` of the JSON Schema."""


class SeriesIn(ShapeIn):
    """A series: an RFC 5545 rule over the facility's wall clock, so that "every Tuesday at six"
    stays at six when the clocks change. FREQ daily, weekly or monthly; INTERVAL, BYDAY (2TU each
    month), BYMONTHDAY; COUNT or UNTIL. Of contact, purpose, payment, digits and holders what is
    left out stays as it is."""

    model_config = example({**_SERIES, "contact": CONTACT, "purpose": "テニス教室"})

    facility_id: Id
    rule: Annotated[str, Field(min_length=1, max_length=RULE_CHARS)]
    first_start: LocalTime = Field(description="Local to the facility, without offset.")
    first_end: LocalTime
    except_on: Annotated[list[Day], Field(max_length=OCCURRENCES_MAX)] = Field(default_factory=list)
    on_conflict: OnConflict = OnConflict.SKIP
    state: BookingState | None = None
    contact: ContactIn | None = None
    purpose: Annotated[str, Field(max_length=500)] | None = None
    paid: bool | None = None
    digits: Annotated[int, Field(ge=4, le=10)] | None = None
    holders: Annotated[list[HolderIn], Field(min_length=1, max_length=100)] | None = None

    def wish(self) -> SeriesWish:
        """The same as the service takes it."""
        return SeriesWish(
            facility_id=self.facility_id,
            rule=self.rule,
            first_start=self.first_start,
            first_end=self.first_end,
            except_on=tuple(self.except_on),
            on_conflict=self.on_conflict,
            state=self.state,
            contact=self.contact.wish() if self.contact else None,
            purpose=self.purpose,
            paid=self.paid,
            digits=self.digits,
            # Each occurrence has holders of its own: they are known again by name and person.
            holders=None
            if self.holders is None
            else tuple(replace(each.wish(), id=None) for each in self.holders),
        )


class OccurrenceOut(BaseModel):
    """One date of a series, and what became of it: `code` says why one was `refused`."""

    model_config = example(_OCCURRENCE)

    on: date
    reservation_key: str
    result: OccurrenceResult
    window: WindowOut | None
    code: str

    @classmethod
    def of(cls, report: OccurrenceReport) -> OccurrenceOut:
        """Show one."""
        return cls(
            on=report.on,
            reservation_key=report.reservation_key,
            result=report.result,
            window=WindowOut.of(report.window) if report.window else None,
            code=report.code,
        )


class SeriesOut(BaseModel):
    """A series with each of its dates; every one that was made is a booking of its own, with a PIN
    of its own, under `{series_key}:{date}`. `ok` only if none was refused."""

    model_config = example(
        {
            "id": ids.SERIES,
            "series_key": "tennis-club",
            "site_id": ids.SITE,
            "state": "stands",
            "timezone": "Asia/Tokyo",
            **_SERIES,
            "ok": True,
            "refused": 0,
            "occurrences": [_OCCURRENCE],
        }
    )

    id: str
    series_key: str
    site_id: str
    facility_id: str
    state: SeriesState
    rule: str
    timezone: str
    first_start: LocalTime
    first_end: LocalTime
    except_on: list[date]
    on_conflict: OnConflict
    ok: bool
    refused: int
    occurrences: list[OccurrenceOut]

    @classmethod
    def of(cls, report: SeriesReport) -> SeriesOut:
        """Show a series."""
        kept = report.series
        bad = sum(each.result is OccurrenceResult.REFUSED for each in report.occurrences)
        return cls(
            id=kept.id,
            series_key=kept.series_key,
            site_id=kept.site_id,
            facility_id=kept.facility_id,
            state=kept.state,
            rule=kept.rule,
            timezone=kept.timezone,
            first_start=kept.first_start,
            first_end=kept.first_end,
            except_on=list(kept.except_on),
            on_conflict=kept.on_conflict,
            ok=bad == 0,
            refused=bad,
            occurrences=[OccurrenceOut.of(each) for each in report.occurrences],
        )
