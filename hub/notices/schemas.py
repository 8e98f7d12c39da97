"""What goes over HTTP of notices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hub.notices.domain import (
    Attempt,
    Channel,
    NoticeKind,
    NoticeState,
    Outcome,
    PinInNotice,
    Rules,
    Why,
    masked,
)
from hub.notices.rules import OwnRule
from hub.notices.service import NoticeView
from hub.web import example_ids as ids
from hub.web.fields import BodyIn

_ID: Final = ids.NOTICE
_ATTEMPT: Final[dict[str, Any]] = {"at": "2026-04-07T10:00:03Z", "outcome": "sent", "code": "250"}
_NOTICE: Final[dict[str, Any]] = {
    "id": _ID,
    "reservation_key": ids.RESERVATION_KEY,
    "booking_id": ids.BOOKING,
    "kind": "reminder",
    "channel": "email",
    "state": "sent",
    "why": None,
    "to": "h***@example.jp",
    "asked_by": "",
    "created_at": "2026-04-07T09:59:30Z",
    "next_at": "2026-04-07T10:00:00Z",
    "ended_at": "2026-04-07T10:00:03Z",
    "carried_pin": True,
    "needs_call": False,
    "call": None,
    "attempts": [_ATTEMPT],
}


class NoticeAttemptOut(BaseModel):
    """One try to send."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ATTEMPT]})

    at: datetime
    outcome: Outcome
    code: str = Field(description="The other side's number, or a word of ours; never its text.")

    @classmethod
    def of(cls, attempt: Attempt) -> NoticeAttemptOut:
        """Show it."""
        return cls(at=attempt.at, outcome=attempt.outcome, code=attempt.code)


class NoticeOut(BaseModel):
    """A message to a booking's contact: what about and how it went, never what it said."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NOTICE]})

    id: str
    reservation_key: str | None
    booking_id: str
    kind: NoticeKind
    channel: Channel
    state: NoticeState
    why: Why | None = Field(description="Why it waits, failed or is not needed.")
    to: str = Field(description="The address, masked; empty once it was forgotten.")
    asked_by: str = Field(description="Who asked for it; empty where the hub sent it by itself.")
    created_at: datetime
    next_at: datetime = Field(description="When it is, or was, due.")
    ended_at: datetime | None
    carried_pin: bool
    needs_call: bool = Field(description="No channel is left: somebody has to telephone.")
    call: str | None = Field(description="The telephone number, where somebody has to.")
    attempts: list[NoticeAttemptOut]

    @classmethod
    def of(cls, seen: NoticeView) -> NoticeOut:
        """Show it."""
        row, booking = seen.notice, seen.booking
        return cls(
            id=row.id,
            reservation_key=booking.reservation_key if booking else None,
            booking_id=row.booking_id,
            kind=row.kind,
            channel=row.channel,
            state=row.state,
            why=row.why,
            to=masked(row.channel, row.address),
            asked_by=row.asked_by,
            created_at=row.created_at,
            next_at=row.next_at,
            ended_at=row.ended_at,
            carried_pin=row.carried_pin,
            needs_call=row.needs_call,
            call=booking.contact.phone if booking and row.needs_call else None,
            attempts=[NoticeAttemptOut.of(each) for each in seen.attempts],
        )


class NoticeIn(BodyIn):
    """A message to be sent again, as things stand now."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "reminder", "channel": "email"}]}
    )

    kind: NoticeKind | None = Field(
        None, description="What to say; left out, how the booking stands."
    )
    channel: Channel | None = Field(
        None, description="By which channel; left out, the contact's first."
    )


_RULE: Final[dict[str, Any]] = {
    "reminder_hours": 48,
    "pin_in_notice": "never",
    "closing_ja": "館内は土足禁止です。",
    "closing_easy": "くつをぬいでください。",
    "closing_en": "Please take off your shoes.",
}
Closing = Annotated[str, Field(max_length=300)]


class NoticeRuleIn(BodyIn):
    """What a site or facility has otherwise; null and empty: as the next wider has it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_RULE]})

    reminder_hours: Annotated[int, Field(ge=0, le=336)] | None = None
    pin_in_notice: PinInNotice | None = Field(
        None, description="`never`: messages have the link alone."
    )
    closing_ja: Closing = Field("", description="A sentence at the end of each message.")
    closing_easy: Closing = ""
    closing_en: Closing = ""

    def rule(self) -> OwnRule:
        """The same as the service takes it."""
        closing = (self.closing_ja, self.closing_easy, self.closing_en)
        return OwnRule(self.reminder_hours, self.pin_in_notice, closing)


class NoticeRuleOut(BaseModel):
    """The own rule, and what holds after all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**_RULE, "in_force": {"reminder_hours": 48, "pin_in_notice": "never"}},
            ]
        }
    )

    class InForce(BaseModel):
        """What holds: the own rule over the site's over the town's."""

        model_config = ConfigDict(
            json_schema_extra={"examples": [{"reminder_hours": 24, "pin_in_notice": "reminder"}]}
        )

        reminder_hours: int
        pin_in_notice: PinInNotice

    reminder_hours: int | None
    pin_in_notice: PinInNotice | None
    closing_ja: str
    closing_easy: str
    closing_en: str
    in_force: InForce

    @classmethod
    def of(cls, found: tuple[OwnRule, Rules]) -> NoticeRuleOut:
        """Show it."""
        own, rules = found
        ja, easy, en = own.closing
        return cls(
            reminder_hours=own.reminder_h,
            pin_in_notice=own.pin_in_notice,
            closing_ja=ja,
            closing_easy=easy,
            closing_en=en,
            in_force=cls.InForce(
                reminder_hours=rules.reminder_h, pin_in_notice=rules.pin_in_notice
            ),
        )
