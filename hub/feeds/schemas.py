"""What the feeds' routes take and give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from hub.feeds.domain import (
    AuthKind,
    ContactRule,
    ContactSource,
    EventState,
    EventStatus,
    FeedSecret,
    FeedState,
    FeedWish,
    FetchResult,
    GoneBy,
    PlaceProperty,
    PlaceRule,
    Unread,
)
from hub.feeds.records import FeedEvent, FeedRun
from hub.feeds.service import FeedView, Shrink
from hub.feeds.trying import Trial
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, ChangeIn, RowOut, clearable

_FEED: Final = ids.FEED
_HALL: Final = ids.FACILITY
_EVENT: Final = ids.FEED_EVENT
_AT: Final = "2026-04-06T00:00:00Z"


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


def _a_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError("no such time zone: write one like Asia/Tokyo") from error


Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_a_zone)]
Id = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(max_length=120)]
EverySeconds = Annotated[int, Field(ge=60, le=24 * 3600, description="Seconds between fetches.")]
Days = Annotated[int, Field(ge=1, le=400, description="How many days ahead events are booked.")]
Secret = Annotated[SecretStr, Field(max_length=500)]
Address = Annotated[SecretStr, Field(min_length=8, max_length=2000)]


# --- in ------------------------------------------------------------------------------------------


class PlaceIn(BodyIn):
    """Which place is which facility. The first that holds counts."""

    model_config = ConfigDict(
        extra="forbid",
        **_example(on="LOCATION", text="体育館", facility_id=_HALL, contains=False),
    )

    on: PlaceProperty = PlaceProperty.LOCATION
    text: Annotated[str, Field(min_length=1, max_length=120)]
    facility_id: Id | None = Field(description="Null: events there are none of ours.")
    contains: bool = Field(False, description="True: the property need only contain the text.")


class ContactSourceIn(BodyIn):
    """Where an event says whom it is for. `name`, `email` and `phone` are labels at the beginning
    of a line of the DESCRIPTION, or names of properties, as `source` says."""

    model_config = ConfigDict(
        extra="forbid",
        **_example(source="description", name="氏名", email="メール", phone="電話"),
    )

    source: ContactSource = ContactSource.ATTENDEE
    name: Text = ""
    email: Text = ""
    phone: Text = ""


Places = Annotated[list[PlaceIn], Field(max_length=200)]


class FeedIn(BodyIn):
    """A calendar to be polled. Address and secrets are sealed and never shown again."""

    model_config = ConfigDict(
        extra="forbid",
        **_example(
            name="公民館の予約システム",
            url="https://yoyaku.example.jp/kagimori/bookings.ics",
            facility_id=_HALL,
            places=[{"on": "LOCATION", "text": "体育館", "facility_id": _HALL}],
            contact={"source": "attendee"},
            zone="Asia/Tokyo",
            every_s=300,
            horizon_days=90,
            auth="basic",
            user="kagimori",
            secret="correct horse battery staple",  # noqa: S106  # an example
        ),
    )

    name: Annotated[str, Field(min_length=1, max_length=120)]
    url: Address
    facility_id: Id | None = Field(None, description="Where no place says another.")
    places: Places = Field(default_factory=list)
    contact: ContactSourceIn = ContactSourceIn()
    zone: Zone = Field("Asia/Tokyo", description="Of floating times and whole days.")
    every_s: EverySeconds = 300
    horizon_days: Days = 90
    active: bool = True
    auth: AuthKind = AuthKind.NONE
    user: Annotated[str, Field(max_length=200)] = Field("", description="With `auth: basic`.")
    secret: Secret = Field(SecretStr(""), description="The password, or the bearer token.")

    def wish(self) -> FeedWish:
        """The same as the service takes it."""
        return FeedWish(
            name=self.name,
            facility_id=self.facility_id,
            places=places_of(self.places),
            contact=ContactRule(**self.contact.model_dump()),
            zone=self.zone,
            every_s=self.every_s,
            horizon_days=self.horizon_days,
            active=self.active,
            auth=self.auth,
        )

    def secrets(self) -> FeedSecret:
        """Address and password."""
        return FeedSecret(self.url.get_secret_value(), self.user, self.secret.get_secret_value())


class FeedChangeIn(ChangeIn):
    """What is to be changed of a feed; what is left out stays, secrets too."""

    model_config = ConfigDict(extra="forbid", **_example(every_s=600, active=True))

    name: Annotated[str, Field(min_length=1, max_length=120)] = ""
    url: Address = SecretStr("")
    facility_id: Id | None = clearable()
    places: Places = Field(default_factory=list)
    contact: ContactSourceIn = ContactSourceIn()
    zone: Zone = "Asia/Tokyo"
    every_s: EverySeconds = 300
    horizon_days: Days = 90
    active: bool = True
    auth: AuthKind = AuthKind.NONE
    user: Annotated[str, Field(max_length=200)] = ""
    secret: Secret = SecretStr("")

    def wanted(self) -> tuple[dict[str, Any], dict[str, str]]:
        """What changes of the wish, and of address and password."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        secrets = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name in ("url", "user", "secret")
            if (value := given.pop(name, None)) is not None
        }
        if "places" in given:
            given["places"] = places_of(given["places"])
        if "contact" in given:
            given["contact"] = ContactRule(**given["contact"].model_dump())
        return given, secrets


class ShrinkAnswerIn(BodyIn):
    """Which absence is meant: the `token` of what was looked at."""

    model_config = ConfigDict(extra="forbid", **_example(token="07bfba118b5dd5b091def9c4c5ef1c17"))  # noqa: S106  # no secret

    token: Annotated[str, Field(min_length=1, max_length=64)]


def places_of(given: list[PlaceIn]) -> tuple[PlaceRule, ...]:
    """The rules as the service takes them."""
    return tuple(PlaceRule(each.on, each.text, each.facility_id, each.contains) for each in given)


# --- out -----------------------------------------------------------------------------------------

_UNREAD_EXAMPLE: Final = {
    "uid": "b7c1@yoyaku.example.jp",
    "problem": "ends_before_start",
    "detail": "",
    "starts": "20260410T180000",
}
_COUNTS_EXAMPLE: Final = {
    "booked": 42,
    "problems": 1,
    "absent": 0,
    "waiting": 0,
    "cancelled_here": 1,
}


class UnreadOut(RowOut):
    """An event of the calendar that makes no booking because it cannot be read, or is older than
    what is kept."""

    model_config = ConfigDict(from_attributes=True, **_example(**_UNREAD_EXAMPLE))

    uid: str
    problem: str
    detail: str
    starts: str = Field(description="DTSTART as it stands in the calendar.")

    @classmethod
    def of(cls, found: Unread) -> UnreadOut:
        """Show one."""
        return cls(
            uid=found.uid, problem=found.problem.value, detail=found.detail, starts=found.starts
        )


class FeedCountsOut(RowOut):
    """How many events ahead a feed keeps. `absent`: not in the calendar just now; `waiting`: absent
    and kept because staff said so."""

    model_config = ConfigDict(from_attributes=True, **_example(**_COUNTS_EXAMPLE))

    booked: int
    problems: int
    absent: int
    waiting: int
    cancelled_here: int


class FeedOut(RowOut):
    """A feed. Of its address only the host is shown."""

    model_config = ConfigDict(
        from_attributes=True,
        **_example(
            id=_FEED,
            name="公民館の予約システム",
            url="https://yoyaku.example.jp/•••",
            auth="basic",
            facility_id=_HALL,
            places=[{"on": "LOCATION", "text": "体育館", "facility_id": _HALL, "contains": False}],
            contact={"source": "attendee", "name": "", "email": "", "phone": ""},
            zone="Asia/Tokyo",
            every_s=300,
            horizon_days=90,
            active=True,
            state="fine",
            counts=_COUNTS_EXAMPLE,
            unread=[_UNREAD_EXAMPLE],
            failures=0,
            last_result="ok",
            last_try_at=_AT,
            last_good_at=_AT,
            next_at="2026-04-06T00:05:00Z",
            shrank_at=None,
            created_at=_AT,
            updated_at=_AT,
        ),
    )

    id: str
    name: str
    url: str
    auth: AuthKind
    facility_id: str | None
    places: list[PlaceIn]
    contact: ContactSourceIn
    zone: str
    every_s: int
    horizon_days: int
    active: bool
    state: FeedState
    counts: FeedCountsOut
    unread: list[UnreadOut]
    failures: int = Field(description="Fetches in a row without a whole calendar.")
    last_result: FetchResult | None
    last_try_at: datetime | None
    last_good_at: datetime | None
    next_at: datetime
    shrank_at: datetime | None = Field(description="Since when staff are asked; null: nothing is.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: FeedView) -> FeedOut:
        """Show one."""
        feed, wish = view.feed, view.feed.wish
        return cls(
            id=feed.id,
            name=wish.name,
            url=feed.shown_url,
            auth=wish.auth,
            facility_id=wish.facility_id,
            places=[
                PlaceIn(on=x.on, text=x.text, facility_id=x.facility_id, contains=x.contains)
                for x in wish.places
            ],
            contact=ContactSourceIn(
                source=wish.contact.source,
                name=wish.contact.name,
                email=wish.contact.email,
                phone=wish.contact.phone,
            ),
            zone=wish.zone,
            every_s=wish.every_s,
            horizon_days=wish.horizon_days,
            active=wish.active,
            state=feed.state,
            counts=FeedCountsOut.model_validate(view.counts),
            unread=[UnreadOut.of(each) for each in feed.unread],
            failures=feed.failures,
            last_result=feed.last_result,
            last_try_at=feed.last_try_at,
            last_good_at=feed.last_good_at,
            next_at=feed.next_at,
            shrank_at=feed.shrank_at,
            created_at=feed.created_at,
            updated_at=feed.updated_at,
        )


class FeedRunOut(RowOut):
    """A fetch and what came of it."""

    model_config = ConfigDict(
        from_attributes=True,
        **_example(
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

    model_config = ConfigDict(from_attributes=True, **_example(**_EVENT_EXAMPLE))

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
        **_example(token="07bfba118b5dd5b091def9c4c5ef1c17", events=[_EVENT_EXAMPLE]),  # noqa: S106  # no secret
    )

    token: str
    events: list[FeedEventOut]

    @classmethod
    def of(cls, shrink: Shrink) -> ShrinkOut:
        """Show it."""
        return cls(token=shrink.token, events=[FeedEventOut.of(each) for each in shrink.events])


class ShrinkAnswerOut(RowOut):
    """What came of the answer."""

    model_config = ConfigDict(from_attributes=True, **_example(cancelled=12, kept=0))

    cancelled: int
    kept: int


class FeedRemovedOut(RowOut):
    """How many bookings were cancelled as the feed was removed."""

    model_config = ConfigDict(from_attributes=True, **_example(cancelled=0))

    cancelled: int


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

    model_config = ConfigDict(from_attributes=True, **_example(**_TRIED_EXAMPLE))

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
        **_example(
            result="ok",
            detail="",
            events=43,
            ahead=40,
            tried=[_TRIED_EXAMPLE],
            unread=[_UNREAD_EXAMPLE],
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
