"""What the feeds' routes take and give of a feed's fetches: runs, events, absences and dry runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from hub.feeds.domain import EventState, EventStatus, FetchResult, GoneBy
from hub.feeds.records import FeedEvent, FeedRun
from hub.feeds.schemas import UNREAD_EXAMPLE, UnreadOut, example
from hub.feeds.service import Shrink
from hub.feeds.trying import Trial
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, RowOut

_HALL: Final = ids.FACILITY
_EVENT: Final = ids.FEED_EVENT
_AT: Final = "2026-04-06T00:00:00Z"


class ShrinkAnswerIn(BodyIn):
    """Which absence is meant: the `token` of what was looked at."""

    model_config = ConfigDict(extra="forbid", **example(token="07bfba118b5dd5b091def9c4c5ef1c17"))  # noqa: S106  # no secret

    token: Annotated[str, Field(min_length=1, max_length=64)]


class FeedRunOut(RowOut):
    """A fetch and what came of it."""

    model_config = ConfigDict(
        from_attributes=True,
        **example(
            id=_EVENT,
            at=_AT,
            took_ms=84,
            by="schedule",
            result="ok",
            detail="",
            http_status=200,
            size=48211,
            events=43,
            made=2,
            changed=1,
            cancelled=0,
            refused=1,
            absent=0,
        ),
    )

    id: str
    at: datetime
    took_ms: int
    by: str = Field(description="`schedule`, or who polled by hand.")
    result: FetchResult
    detail: str
    http_status: int | None
    size: int = Field(description="Bytes of the calendar, unpacked; 0 where it did not change.")
    events: int = Field(description="VEVENTs that were read; 0 where nothing had to be.")
    made: int
    changed: int
    cancelled: int
    refused: int
    absent: int

    @classmethod
    def of(cls, run: FeedRun) -> FeedRunOut:
        """Show one."""
        return cls.model_validate(run)


_EVENT_EXAMPLE: Final = {
    "id": _EVENT,
    "uid": "4711@yoyaku.example.jp",
    "rid": "20260406T090000Z",
    "reservation_key": "feed.0f3c6a529f0e4f0e8f0e2f6f0b7d9a11.20260406T090000Z",
    "state": "booked",
    "status": "confirmed",
    "starts_at": "2026-04-06T09:00:00Z",
    "ends_at": "2026-04-06T11:00:00Z",
    "day": "2026-04-06",
    "facility_id": _HALL,
    "summary": "卓球クラブ",
    "problem": "",
    "problem_detail": "",
    "first_seen_at": _AT,
    "changed_at": _AT,
    "absent_since": None,
    "waits": False,
    "gone_by": None,
}


class FeedEventOut(RowOut):
    """An event of a feed and what was made of it. `uid` and `rid` are the calendar's own names."""

    model_config = ConfigDict(from_attributes=True, **example(**_EVENT_EXAMPLE))

    id: str
    uid: str
    rid: str = Field(description="RECURRENCE-ID in UTC; empty for an event that stands alone.")
    reservation_key: str
    state: EventState
    status: EventStatus
    starts_at: datetime
    ends_at: datetime
    day: date
    facility_id: str | None
    summary: str
    problem: str = Field(description="Why it is refused; empty where it is not.")
    problem_detail: str
    first_seen_at: datetime
    changed_at: datetime
    absent_since: datetime | None
    waits: bool
    gone_by: GoneBy | None

    @classmethod
    def of(cls, event: FeedEvent) -> FeedEventOut:
        """Show one."""
        plain = {name: getattr(event, name) for name in FeedEvent.__slots__ if name != "said"}
        said = event.said
        return cls.model_validate(
            {
                **{name: plain[name] for name in cls.model_fields if name in plain},
                "status": said.status,
                "facility_id": said.facility_id,
                "summary": said.summary,
            }
        )


class ShrinkOut(RowOut):
    """What vanished at once. Nothing of the calendar is followed until staff answer."""

    model_config = ConfigDict(
        from_attributes=True,
        **example(token="07bfba118b5dd5b091def9c4c5ef1c17", events=[_EVENT_EXAMPLE]),  # noqa: S106  # no secret
    )

    token: str
    events: list[FeedEventOut]

    @classmethod
    def of(cls, shrink: Shrink) -> ShrinkOut:
        """Show it."""
        return cls(token=shrink.token, events=[FeedEventOut.of(each) for each in shrink.events])


class ShrinkAnswerOut(RowOut):
    """What came of the answer."""

    model_config = ConfigDict(from_attributes=True, **example(cancelled=12, kept=0))

    cancelled: int
    kept: int


_TRIED_EXAMPLE: Final = {
    "uid": "4711@yoyaku.example.jp",
    "rid": "",
    "starts_at": "2026-04-06T09:00:00Z",
    "ends_at": "2026-04-06T11:00:00Z",
    "status": "confirmed",
    "facility_id": _HALL,
    "summary": "卓球クラブ",
    "contact_name": "山田 花子",
    "contact_email": "hanako@example.jp",
    "contact_phone": "",
    "problem": "",
}


class TriedEventOut(RowOut):
    """An event, and what would become of it: booked where `problem` is empty."""

    model_config = ConfigDict(from_attributes=True, **example(**_TRIED_EXAMPLE))

    uid: str
    rid: str
    starts_at: datetime
    ends_at: datetime
    status: EventStatus
    facility_id: str | None
    summary: str
    contact_name: str
    contact_email: str
    contact_phone: str
    problem: str


class TrialOut(RowOut):
    """What a dry run found. Only the first 200 events are tried against the rules."""

    model_config = ConfigDict(
        from_attributes=True,
        **example(
            result="ok",
            detail="",
            events=43,
            ahead=40,
            tried=[_TRIED_EXAMPLE],
            unread=[UNREAD_EXAMPLE],
            not_ours={"図書室": 3},
        ),
    )

    result: FetchResult
    detail: str
    events: int = Field(description="VEVENTs in the calendar.")
    ahead: int = Field(description="Events that would be booked, as far as the horizon goes.")
    tried: list[TriedEventOut]
    unread: list[UnreadOut]
    not_ours: Mapping[str, int] = Field(description="Events at places that are not ours.")

    @classmethod
    def of(cls, trial: Trial) -> TrialOut:
        """Show it."""
        return cls(
            result=trial.result,
            detail=trial.detail,
            events=trial.events,
            ahead=trial.ahead,
            tried=[
                TriedEventOut(
                    uid=each.uid,
                    rid=each.rid,
                    starts_at=each.starts_at,
                    ends_at=each.ends_at,
                    status=each.status,
                    facility_id=each.facility_id,
                    summary=each.summary,
                    contact_name=each.contact.name,
                    contact_email=each.contact.email,
                    contact_phone=each.contact.phone,
                    problem=each.problem,
                )
                for each in trial.tried
            ],
            unread=[UnreadOut.of(each) for each in trial.unread],
            not_ours=dict(trial.not_ours),
        )
