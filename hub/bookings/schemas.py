"""What goes over HTTP of bookings: their shapes in and out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.bookings.backups import BackupCode
from hub.bookings.facility_schemas import DoorIds, Id, ShapeIn, Text
from hub.bookings.records import (
    BookingView,
    BookingWish,
    CodeView,
    Contact,
    HolderWish,
    Revealed,
    StillOpens,
)
from hub.bookings.tables import BookingSource, BookingState
from hub.bookings.windows import BookedWindow
from hub.catalogue import Language
from hub.keyboxes.codes import ShownCode
from hub.keyboxes.domain import CodeState, LockKind
from hub.pins.placement import Pending, PlacementState, Problem, Readiness
from hub.web.fields import Instant


class ContactIn(ShapeIn):
    """Whom to reach about a booking."""

    name: Text = ""
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    line: Annotated[str, Field(max_length=64)] = Field("", description="A LINE user id.")
    language: Language = Field(Language.JA, description="In which they are written to.")

    def contact(self) -> Contact:
        """The same as the service takes it."""
        return Contact(self.name, self.email, self.phone, self.line, self.language)


class HolderIn(ShapeIn):
    """Somebody who is to have a PIN."""

    id: Id | None = Field(None, description="Names one that exists, to keep their PIN.")
    name: Text
    person_id: Id | None = None


class BookingIn(ShapeIn):
    """What is wanted of a booking. Whatever is left out stays as it is; nothing is ever dropped
    by leaving it out."""

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
            contact=contact.contact() if contact else None,
            purpose=self.purpose,
            paid=self.paid,
            digits=self.digits,
            holders=None
            if self.holders is None
            else tuple(HolderWish(h.name, h.person_id, h.id) for h in self.holders),
        )


class WindowOut(BaseModel):
    """Half-open: from `starts_at`, until but not at `ends_at`."""

    starts_at: datetime
    ends_at: datetime


class PlacementOut(BaseModel):
    """A PIN at one door."""

    door_id: str
    state: PlacementState
    problems: list[Problem]
    pending: list[Pending]
    placed_at: datetime | None


class CredentialOut(BaseModel):
    """One holder's PIN, without its digits."""

    id: str
    holder_id: str
    holder: str
    digits: int
    readiness: Readiness
    placements: list[PlacementOut]


class CodeOut(BaseModel):
    """One holder's sealed code for one key box, without its digits. `effective` is what it really
    covers: starts lie on a grid and durations come from a list."""

    id: str
    key_box_id: str
    holder_id: str
    holder: str
    digits: int
    state: CodeState
    effective: WindowOut
    problems: list[Problem]
    revealed_at: datetime | None = Field(description="Once shown, it cannot be revoked from afar.")

    @classmethod
    def of(cls, view: CodeView) -> CodeOut:
        """Show a code."""
        return cls(
            id=view.id,
            key_box_id=view.key_box_id,
            holder_id=view.holder_id,
            holder=view.holder,
            digits=view.digits,
            state=view.state,
            effective=_window(view.effective),
            problems=list(view.problems),
            revealed_at=view.revealed_at,
        )


class StillOpensOut(BaseModel):
    """A code that was shown, is nobody's any more and opens all the same: until its window ends or,
    at a key box, a code of a later generation is used there."""

    lock_id: str
    lock_kind: LockKind
    holder_id: str
    code: str = Field(description="shape.slot.generation.variant; no digits follow from it.")
    opens: WindowOut

    @classmethod
    def of(cls, found: StillOpens) -> StillOpensOut:
        """Show one."""
        return cls(
            lock_id=found.lock_id,
            lock_kind=found.lock_kind,
            holder_id=found.holder_id,
            code=found.tag,
            opens=_window(found.opens),
        )


class OfflineOut(BaseModel):
    """How many codes of key boxes there are, by state: counted apart, since no box confirms."""

    computed: int
    active: int
    ended: int
    can_be_confirmed: bool = Field(False, description="Never: a key box has no network.")

    @classmethod
    def of(cls, codes: Sequence[CodeView]) -> OfflineOut:
        """Count codes."""
        counted = Counter(code.state for code in codes)
        return cls(
            computed=counted[CodeState.COMPUTED],
            active=counted[CodeState.ACTIVE],
            ended=counted[CodeState.ENDED],
            can_be_confirmed=False,
        )


def _window(window: BookedWindow) -> WindowOut:
    return WindowOut(starts_at=window.starts_at, ends_at=window.ends_at)


class BookingOut(BaseModel):
    """A booking, and how far its doors are ready for it."""

    id: str
    reservation_key: str
    facility_id: str | None
    site_id: str
    doors: list[str]
    key_boxes: list[str]
    state: BookingState
    source: BookingSource
    booked: WindowOut
    effective: WindowOut
    contact: ContactIn
    purpose: str
    paid: bool | None
    readiness: Readiness
    problems: list[Problem]
    pending: list[Pending]
    credentials: list[CredentialOut]
    offline: OfflineOut
    codes: list[CodeOut]
    still_opens: list[StillOpensOut]
    decision_reason: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, view: BookingView) -> BookingOut:
        """Show a booking."""
        kept = view.booking
        contact = kept.contact
        return cls(
            id=kept.id,
            reservation_key=kept.reservation_key,
            facility_id=kept.facility_id,
            site_id=kept.site_id,
            doors=list(kept.doors),
            key_boxes=list(kept.key_boxes),
            state=kept.state,
            source=kept.source,
            booked=_window(kept.booked),
            effective=_window(kept.effective),
            contact=ContactIn(
                name=contact.name,
                email=contact.email,
                phone=contact.phone,
                line=contact.line,
                language=contact.language,
            ),
            purpose=kept.purpose,
            paid=kept.paid,
            readiness=view.readiness,
            problems=list(view.problems),
            pending=list(view.pending),
            credentials=[
                CredentialOut(
                    id=each.credential_id,
                    holder_id=each.holder_id,
                    holder=each.holder,
                    digits=each.digits,
                    readiness=each.readiness,
                    placements=[
                        PlacementOut(
                            door_id=placement.door_id,
                            state=placement.state,
                            problems=list(placement.problems),
                            pending=list(placement.pending),
                            placed_at=placement.placed_at,
                        )
                        for placement in each.placements
                    ],
                )
                for each in view.credentials
            ],
            offline=OfflineOut.of(view.codes),
            codes=[CodeOut.of(each) for each in view.codes],
            still_opens=[StillOpensOut.of(each) for each in view.still_opens],
            decision_reason=kept.decision_reason,
            created_at=kept.created_at,
            changed_at=kept.changed_at,
        )


class DecisionIn(ShapeIn):
    """Why a request is approved or rejected."""

    reason: Annotated[str, Field(max_length=200)] = ""


class CodeDigitsOut(BaseModel):
    """The digits of a sealed code, and from when until when they open."""

    lock_id: str
    lock_kind: LockKind
    digits: str
    effective: WindowOut

    @classmethod
    def of(cls, shown: ShownCode) -> CodeDigitsOut:
        """Show a code."""
        start, end = shown.code.effective
        return cls(
            lock_id=shown.code.lock_id,
            lock_kind=shown.code.lock_kind,
            digits=shown.digits,
            effective=WindowOut(starts_at=start, ends_at=end),
        )


class PinOut(BaseModel):
    """What a holder types: at the doors the PIN, at each key box its own code."""

    holder_id: str
    pin: str | None = Field(description="Null where the booking has key boxes alone.")
    codes: list[CodeDigitsOut]

    @classmethod
    def of(cls, revealed: Revealed) -> PinOut:
        """Show what a holder types."""
        codes = [CodeDigitsOut.of(each) for each in revealed.codes]
        return cls(holder_id=revealed.holder_id, pin=revealed.pin, codes=codes)


class BackupCodeOut(BaseModel):
    """A holder's sealed code for one networked door that is away."""

    holder_id: str
    door_id: str
    digits: str
    effective: WindowOut
    grace_s: int = Field(description="Taken for so long after the door's controller is back.")
    confirmed: bool = Field(description="Its controller has proven that it knows the secret.")

    @classmethod
    def of(cls, given: BackupCode) -> BackupCodeOut:
        """Show one."""
        return cls(
            holder_id=given.holder_id,
            door_id=given.door_id,
            digits=given.digits,
            effective=WindowOut(starts_at=given.effective[0], ends_at=given.effective[1]),
            grace_s=given.grace_s,
            confirmed=given.confirmed,
        )


class LinkOut(BaseModel):
    """A link that shows a booking's PIN, once."""

    path: str
