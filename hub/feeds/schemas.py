"""What the feeds' routes take and give of a feed itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from hub.feeds.domain import (
    AuthKind,
    ContactRule,
    ContactSource,
    FeedSecret,
    FeedState,
    FeedWish,
    FetchResult,
    PlaceProperty,
    PlaceRule,
    Unread,
)
from hub.feeds.service import FeedView
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, ChangeIn, RowOut, clearable

_FEED: Final = ids.FEED
_HALL: Final = ids.FACILITY
_EVENT: Final = ids.FEED_EVENT
_AT: Final = "2026-04-06T00:00:00Z"


def example(**values: Any) -> ConfigDict:
    """What a shape says of itself in the API's document."""
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
        **example(on="LOCATION", text="体育館", facility_id=_HALL, contains=False),
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
        **example(source="description", name="氏名", email="メール", phone="電話"),
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
        **example(
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

    model_config = ConfigDict(extra="forbid", **example(every_s=600, active=True))

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


def places_of(given: list[PlaceIn]) -> tuple[PlaceRule, ...]:
    """The rules as the service takes them."""
    return tuple(PlaceRule(each.on, each.text, each.facility_id, each.contains) for each in given)


# --- out -----------------------------------------------------------------------------------------

UNREAD_EXAMPLE: Final = {
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

    model_config = ConfigDict(from_attributes=True, **example(**UNREAD_EXAMPLE))

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

    model_config = ConfigDict(from_attributes=True, **example(**_COUNTS_EXAMPLE))

    booked: int
    problems: int
    absent: int
    waiting: int
    cancelled_here: int


class FeedOut(RowOut):
    """A feed. Of its address only the host is shown."""

    model_config = ConfigDict(
        from_attributes=True,
        **example(
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
            unread=[UNREAD_EXAMPLE],
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


class FeedRemovedOut(RowOut):
    """How many bookings were cancelled as the feed was removed."""

    model_config = ConfigDict(from_attributes=True, **example(cancelled=0))

    cancelled: int
