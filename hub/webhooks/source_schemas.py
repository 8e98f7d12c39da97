"""What goes over HTTP of sources and of what they send."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from hub.web import example_ids as ids
from hub.web.fields import BodyIn, ChangeIn, Name, clearable
from hub.webhooks.mapping import POINTER, PRESETS, Action, Profile
from hub.webhooks.schemas import Sites
from hub.webhooks.service import WithSecret
from hub.webhooks.source_domain import Received, ReceivedResult, Source, SourceState
from hub.webhooks.sources import SourceWish

_ID: Final = ids.WEBHOOK_SOURCE
_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4Zk0m1n2o3o="  # noqa: S105  # an example
_KEY: Final = ids.RESERVATION_KEY
_BOOKING: Final = ids.BOOKING

Pointer = Annotated[str, Field(max_length=200, pattern=POINTER)]
Word = Annotated[str, Field(max_length=120)]
Secret = Annotated[str, Field(min_length=30, max_length=100)]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


_PROFILE_EXAMPLE: Final[dict[str, Any]] = {
    "kind": "/event",
    "kinds": {"reserved": "put", "updated": "put", "cancelled": "cancel", "*": "ignore"},
    "reservation_key": "/reservation/no",
    "key_prefix": "yoyaku-",
    "facility": "/reservation/room",
    "starts_at": "/reservation/from",
    "ends_at": "/reservation/to",
    "zone": "Asia/Tokyo",
    "name": "/reservation/user/name",
    "stamp": "/reservation/revision",
}


class SourceProfileIn(BodyIn):
    """Where things stand in what the source sends: JSON Pointers (RFC 6901). One left out, or
    empty, means that the source does not say."""

    model_config = ConfigDict(extra="forbid") | _example(**_PROFILE_EXAMPLE)

    kind: Pointer = Field("", description="What kind of message it is; empty: all are bookings.")
    kinds: Annotated[dict[Word, Action], Field(max_length=50)] = Field(
        {}, description="Their kinds in our words; `*` stands for all others."
    )
    reservation_key: Annotated[str, Field(min_length=1, max_length=200, pattern=POINTER)]
    key_prefix: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9._:~-]*$")] = ""
    facility: Pointer = Field("", description="An id of ours, a name of ours, or as `facilities`.")
    facilities: Annotated[dict[Word, Word], Field(max_length=500)] = Field(
        {}, description="Their facilities to ids of ours."
    )
    starts_at: Pointer = ""
    ends_at: Pointer = ""
    zone: Annotated[str, Field(max_length=60)] = Field(
        "",
        description="Of times without an offset, such as Asia/Tokyo; without one they are refused.",
    )
    state: Pointer = ""
    states: Annotated[
        dict[Word, Literal["requested", "confirmed", "cancelled"]], Field(max_length=50)
    ] = Field(default_factory=dict)
    name: Pointer = ""
    email: Pointer = ""
    phone: Pointer = ""
    language: Pointer = ""
    purpose: Pointer = ""
    paid: Pointer = Field("", description="true, or one of `paid_values`.")
    paid_values: Annotated[list[Word], Field(max_length=20)] = Field(
        default_factory=lambda: ["true", "paid", "1"]
    )
    holders: Pointer = Field("", description="A list: each with a PIN of their own.")
    holder_name: Pointer = Field("/name", description="Within each of them.")
    stamp: Pointer = Field(
        "", description="A number that grows with each change, or its time: older ones are ignored."
    )

    def profile(self) -> Profile:
        """The same as it is kept."""
        return msgspec.convert(self.model_dump(mode="json"), Profile)


_NO_PROFILE: Final = SourceProfileIn.model_validate({"reservation_key": "/reservation_key"})
"""Stands where none was sent, and is never looked at."""


class SourceIn(BodyIn):
    """A system that may tell of bookings."""

    model_config = ConfigDict(extra="forbid") | _example(name="施設予約システム", preset="booking")

    name: Name
    preset: Literal["booking", "payment"] | None = Field(
        None, description="`booking`: our own shape; `payment`: `{reservation_key, paid}`."
    )
    profile: SourceProfileIn | None = Field(None, description="Instead of a preset.")
    sites: Sites | None = Field(None, description="What it may book; null: all sites of yours.")
    secret: Secret | None = Field(
        None, description="Only where the other side makes it; else the hub does."
    )

    def wish(self) -> SourceWish:
        """The same as the service takes it."""
        given = self.profile.profile() if self.profile else PRESETS[self.preset or "booking"]
        sites = None if self.sites is None else tuple(self.sites)
        return SourceWish(self.name, given, sites, self.secret)


class SourceChangeIn(ChangeIn):
    """What is to change of a source."""

    model_config = ConfigDict(extra="forbid") | _example(state="paused")

    name: Name = "-"
    profile: SourceProfileIn = Field(default_factory=lambda: _NO_PROFILE)
    sites: Sites | None = clearable()
    state: SourceState = SourceState.ACTIVE

    def wanted(self) -> dict[str, Any]:
        """What was sent, as the service takes it."""
        found = {name: getattr(self, name) for name in self.model_fields_set}
        if "profile" in found:
            found["profile"] = self.profile.profile()
        if found.get("sites") is not None:
            found["sites"] = tuple(found["sites"])
        return found


_SOURCE_EXAMPLE: Final[dict[str, Any]] = {
    "id": _ID,
    "name": "施設予約システム",
    "path": f"/api/v1/hooks/{_ID}",
    "sites": None,
    "profile": {
        **msgspec.to_builtins(Profile()),
        **_PROFILE_EXAMPLE,
    },
    "state": "active",
    "previous_secret_until": None,
    "created_at": "2026-04-06T00:00:00Z",
    "updated_at": "2026-04-06T00:00:00Z",
}


class SourceOut(BaseModel):
    """A source. Its secret is shown where it is made, and never again."""

    model_config = _example(**_SOURCE_EXAMPLE)

    id: str
    name: str
    path: str = Field(description="Where it sends to, at this hub.")
    sites: list[str] | None
    profile: SourceProfileIn
    state: SourceState
    previous_secret_until: datetime | None = Field(description="Until then two secrets hold.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, kept: Source) -> SourceOut:
        """Show one."""
        return cls(**_fields(kept))


def _fields(kept: Source) -> dict[str, Any]:
    return {
        "id": kept.id,
        "name": kept.name,
        "path": f"/api/v1/hooks/{kept.id}",
        "sites": None if kept.sites is None else list(kept.sites),
        "profile": SourceProfileIn.model_validate(msgspec.to_builtins(kept.profile)),
        "state": kept.state,
        "previous_secret_until": kept.previous_until,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
    }


class SourceWithSecretOut(SourceOut):
    """A source, and its secret: give it to the other side, it is not shown again."""

    model_config = _example(**_SOURCE_EXAMPLE, secret=_SECRET)

    secret: str

    @classmethod
    def showing(cls, made: WithSecret) -> SourceWithSecretOut:
        """Show a new secret."""
        return cls(**_fields(made.row), secret=made.secret)


class SourceRotateIn(BodyIn):
    """How long the secret before goes on to hold."""

    model_config = ConfigDict(extra="forbid") | _example(grace_h=24)

    grace_h: Annotated[int, Field(ge=0, le=168)] = 24
    secret: Secret | None = Field(None, description="Only where the other side makes it.")


class ReceivedOut(BaseModel):
    """A message that came, and what became of it. Of its content only the key is kept."""

    model_config = _example(
        id=ids.RECEIVED,
        message_id="msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        received_at="2026-04-06T03:20:00Z",
        result="created",
        reservation_key=_KEY,
        booking_id=_BOOKING,
        code="",
        field="",
        times=1,
    )

    id: str
    message_id: str
    received_at: datetime
    result: ReceivedResult
    reservation_key: str | None
    booking_id: str | None
    code: str = Field(description="Why it was ignored or refused.")
    field: str = Field(description="Where, of what was refused.")
    times: int = Field(description="How often it came.")

    @classmethod
    def of(cls, kept: Received) -> ReceivedOut:
        """Show one."""
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})


class HookOut(BaseModel):
    """What became of a message: the same answer however often it is sent."""

    model_config = _example(result="created", reason="", reservation_key=_KEY, booking_id=_BOOKING)

    result: ReceivedResult
    reason: str = Field(description="Why it was ignored: `stale`, `kind`, `unknown`.")
    reservation_key: str | None
    booking_id: str | None

    @classmethod
    def of(cls, kept: Received) -> HookOut:
        """Answer with it."""
        return cls(
            result=kept.result,
            reason=kept.code,
            reservation_key=kept.reservation_key,
            booking_id=kept.booking_id,
        )
