"""What goes over HTTP of bookings: their shapes in and out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.bookings.common_schemas import DoorIds, Id, Instant, ShapeIn, Text, WindowOut, example
from hub.bookings.outcome import Outcome
from hub.bookings.pin_schemas import (
    CODE,
    CREDENTIAL,
    OFFLINE,
    STILL_OPENS,
    CodeOut,
    CredentialOut,
    OfflineOut,
    StillOpensOut,
)
from hub.bookings.records import BookingView, BookingWish, Contact, ContactWish, HolderWish
from hub.bookings.tables import Attendance, BookingSource, BookingState, Payment
from hub.catalogue import Language
from hub.pins.placement import Pending, Problem, Readiness
from hub.web import example_ids as ids

_FACILITY = ids.FACILITY
_SITE = ids.SITE
_DOOR = ids.DOOR
_BOX = ids.KEY_BOX
CONTACT = {
    "name": "山田 花子",
    "email": "hanako@example.jp",
    "phone": "0123-45-6789",
    "line": "",
    "language": "ja",
}
_HOLDER = {"id": None, "name": "鈴木 太郎", "person_id": None, "duress": False}
BOOKING_IN = {
    "facility_id": _FACILITY,
    "starts_at": "2026-04-10T18:00:00+09:00",
    "ends_at": "2026-04-10T20:00:00+09:00",
    "contact": CONTACT,
    "purpose": "卓球",
    "paid": True,
    "holders": [_HOLDER],
}
_HAPPENED = {
    "attendance": "used",
    "first_entry_at": "2026-04-10T08:57:11Z",
    "last_entry_at": "2026-04-10T10:02:40Z",
    "entries": 3,
    "early_at": "2026-04-10T08:57:11Z",
    "early_denied": 1,
    "late_denied": 0,
    "overstayed_at": None,
    "left_open": [],
    "keys_missing": [],
    "unheard": [],
    "settled_at": "2026-04-10T12:10:05Z",
}
BOOKING_OUT = {
    "id": ids.BOOKING,
    "reservation_key": ids.RESERVATION_KEY,
    "number": "572841",
    "facility_id": _FACILITY,
    "site_id": _SITE,
    "doors": [_DOOR],
    "key_boxes": [_BOX],
    "state": "confirmed",
    "source": "api",
    "booked": {"starts_at": "2026-04-10T09:00:00Z", "ends_at": "2026-04-10T11:00:00Z"},
    "effective": {"starts_at": "2026-04-10T08:50:00Z", "ends_at": "2026-04-10T11:10:00Z"},
    "contact": CONTACT,
    "purpose": "卓球",
    "payment": "before_pin",
    "paid": True,
    "released": True,
    "approved_at": None,
    "series_id": None,
    "occurs_on": None,
    "detached": False,
    "readiness": "placed",
    "problems": [],
    "pending": [],
    "credentials": [CREDENTIAL],
    "offline": OFFLINE,
    "codes": [CODE],
    "still_opens": [STILL_OPENS],
    "happened": _HAPPENED,
    "decision_reason": "",
    "created_at": "2026-04-01T03:00:00Z",
    "changed_at": "2026-04-01T03:00:00Z",
}

CALENDAR_FILE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kagimori//booking//EN\r\n"
    "BEGIN:VEVENT\r\nUID:" + ids.BOOKING + "\r\nDTSTAMP:20260401T030000Z\r\n"
    "DTSTART:20260410T090000Z\r\nDTEND:20260410T110000Z\r\nSUMMARY:大ホール\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
"""What a booking looks like to a calendar, in short."""


class ContactIn(ShapeIn):
    """Whom to reach about a booking. Whatever is left out, or null, stays as it is; an empty text
    takes it away."""

    model_config = example(CONTACT)

    name: Text | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    line: Annotated[str, Field(max_length=64)] | None = Field(None, description="A LINE user id.")
    language: Language | None = Field(
        None, description="In which they are written to; of a new booking `ja`."
    )

    def wish(self) -> ContactWish:
        """The same as the service takes it."""
        return ContactWish(self.name, self.email, self.phone, self.line, self.language)


class ContactOut(BaseModel):
    """Whom to reach about a booking."""

    model_config = example(CONTACT)

    name: str
    email: str
    phone: str
    line: str = Field(description="Their LINE user id.")
    language: Language = Field(description="In which they are written to.")

    @classmethod
    def of(cls, contact: Contact) -> ContactOut:
        """Show a contact."""
        return cls(
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            line=contact.line,
            language=contact.language,
        )


class HolderIn(ShapeIn):
    """Somebody who is to have a PIN."""

    model_config = example({**_HOLDER, "name": "佐藤 次郎"})

    id: Id | None = Field(None, description="Names one that exists, to keep their PIN.")
    name: Text
    person_id: Id | None = None
    duress: bool | None = Field(
        None,
        description="A second PIN that opens and raises a silent alarm; left out, as it is, or as "
        "the facility has it.",
    )
    max_uses: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None,
        description="Their PINs open so often in all, at the doors of one controller; 0 without "
        "limit; left out, as it is. With 1 the code of a key box opens it a single time; a box "
        "counts no other number.",
    )
    soft_uses: bool | None = Field(
        None,
        description="Doors of several controllers count `max_uses` each controller for itself; "
        "without it such a limit is refused.",
    )

    def wish(self) -> HolderWish:
        """The same as the service takes it."""
        return HolderWish(
            self.name, self.person_id, self.id, self.duress, self.max_uses, self.soft_uses
        )


class BookingIn(ShapeIn):
    """What is wanted of a booking. Whatever is left out stays as it is; nothing is ever dropped
    by leaving it out."""

    model_config = example(BOOKING_IN)

    facility_id: Id | None = None
    doors: DoorIds | None = Field(None, description="Instead of the facility's own doors.")
    key_boxes: DoorIds | None = Field(None, description="Instead of the facility's own.")
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    state: BookingState | None = None
    contact: ContactIn | None = None
    purpose: Annotated[str, Field(max_length=500)] | None = None
    paid: bool | None = None
    digits: Annotated[int, Field(ge=4, le=10)] | None = Field(
        None, description="More digits than the doors demand, as a `guess_risk` problem proposes."
    )
    holders: Annotated[list[HolderIn], Field(min_length=1, max_length=100)] | None = None
    override_closed: bool = Field(
        False, description="Book a closed day all the same; needs the right to approve."
    )

    def wish(self) -> BookingWish:
        """The same as the service takes it."""
        contact = self.contact
        return BookingWish(
            facility_id=self.facility_id,
            doors=None if self.doors is None else tuple(self.doors),
            key_boxes=None if self.key_boxes is None else tuple(self.key_boxes),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            state=self.state,
            contact=contact.wish() if contact else None,
            purpose=self.purpose,
            paid=self.paid,
            digits=self.digits,
            override_closed=self.override_closed,
            holders=None
            if self.holders is None
            else tuple(holder.wish() for holder in self.holders),
        )


class HappenedOut(BaseModel):
    """What became of a booking, as far as is known. `no_show` is said only once every controller
    was heard through the window's end; until then `unheard` lists the locks that are waited for."""

    model_config = example(_HAPPENED)

    attendance: Attendance
    first_entry_at: datetime | None
    last_entry_at: datetime | None
    entries: int
    early_at: datetime | None = Field(description="The first entry before the booked start.")
    early_denied: int = Field(description="Tries with its PIN before the window began.")
    late_denied: int = Field(description="Tries with its PIN after the window ended.")
    overstayed_at: datetime | None = Field(
        description="The first sign of the party after its window, margin included."
    )
    left_open: list[str] = Field(description="Doors that stood open, or unlocked, at the end.")
    keys_missing: list[str] = Field(description="Key boxes whose key did not come back.")
    unheard: list[str]
    settled_at: datetime | None = Field(description="Nothing more will be asked from then on.")

    @classmethod
    def of(cls, outcome: Outcome) -> HappenedOut:
        """Show what became of a booking."""
        return cls(
            attendance=outcome.attendance,
            first_entry_at=outcome.first_entry_at,
            last_entry_at=outcome.last_entry_at,
            entries=outcome.entries,
            early_at=outcome.early_at,
            early_denied=outcome.early_denied,
            late_denied=outcome.late_denied,
            overstayed_at=outcome.overstayed_at,
            left_open=list(outcome.left_open),
            keys_missing=list(outcome.keys_missing),
            unheard=list(outcome.unheard),
            settled_at=outcome.settled_at,
        )


class BookingOut(BaseModel):
    """A booking, and how far its doors are ready for it."""

    model_config = example(BOOKING_OUT)

    id: str
    reservation_key: str
    number: str = Field(description="Short, to be said on the telephone; its last digit checks it.")
    facility_id: str | None
    site_id: str
    doors: list[str]
    key_boxes: list[str]
    state: BookingState
    source: BookingSource
    booked: WindowOut
    effective: WindowOut
    contact: ContactOut
    purpose: str
    payment: Payment = Field(description="What had to be paid as it was made.")
    paid: bool | None
    released: bool = Field(description="Whether its PIN may be shown, placed and sent.")
    approved_at: datetime | None
    series_id: str | None
    occurs_on: date | None = Field(description="Which date of its series it is.")
    detached: bool = Field(description="Changed by itself: its series leaves it alone.")
    readiness: Readiness
    problems: list[Problem]
    pending: list[Pending]
    credentials: list[CredentialOut]
    offline: OfflineOut
    codes: list[CodeOut]
    still_opens: list[StillOpensOut]
    happened: HappenedOut
    decision_reason: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, view: BookingView) -> BookingOut:
        """Show a booking."""
        kept = view.booking
        at = kept.occurrence
        return cls(
            id=kept.id,
            reservation_key=kept.reservation_key,
            number=kept.number,
            facility_id=kept.facility_id,
            site_id=kept.site_id,
            doors=list(kept.doors),
            key_boxes=list(kept.key_boxes),
            state=kept.state,
            source=kept.source,
            booked=WindowOut.of(kept.booked),
            effective=WindowOut.of(kept.effective),
            contact=ContactOut.of(kept.contact),
            purpose=kept.purpose,
            payment=kept.payment,
            paid=kept.paid,
            released=kept.released,
            approved_at=kept.approved_at,
            series_id=at.series_id if at else None,
            occurs_on=at.on if at else None,
            detached=at is not None and at.detached,
            readiness=view.readiness,
            problems=list(view.problems),
            pending=list(view.pending),
            credentials=[CredentialOut.of(each) for each in view.credentials],
            offline=OfflineOut.of(view.codes),
            codes=[CodeOut.of(each) for each in view.codes],
            still_opens=[StillOpensOut.of(each) for each in view.still_opens],
            happened=HappenedOut.of(view.outcome),
            decision_reason=kept.decision_reason,
            created_at=kept.created_at,
            changed_at=kept.changed_at,
        )


class DecisionIn(ShapeIn):
    """Why a request is approved or rejected."""

    model_config = example({"reason": "利用目的を確認しました"})

    reason: Annotated[str, Field(max_length=200)] = ""
