"""What goes over HTTP of endpoints and deliveries: their shapes in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hub.web import example_ids as ids
from hub.web.fields import BodyIn, ChangeIn, Instant, clearable
from hub.webhooks.domain import DeliveryState, Endpoint, EndpointState, Fault
from hub.webhooks.service import EndpointWish, Logged, Standing, WithSecret

_ID: Final = ids.WEBHOOK
_SITE: Final = ids.SITE
_DELIVERY: Final = ids.DELIVERY
_MESSAGE: Final = ids.MESSAGE
_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4Zk0m1n2o3o="  # noqa: S105  # an example

Url = Annotated[str, Field(min_length=8, max_length=500)]
Kind = Annotated[str, Field(max_length=64)]
Kinds = Annotated[
    list[Kind],
    Field(
        min_length=1,
        max_length=60,
        description="Kinds such as `booking.changed`, topics such as `booking.*`, or `*`.",
    ),
]
Sites = Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=200)]
Description = Annotated[str, Field(max_length=200)]
_INSECURE: Final = (
    "Allow plain http off this machine, in an isolated network: anybody on the way can read it."
)
_CONTACT: Final = "Send names, contacts and purposes along: personal data leaves the hub. Audited."


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class WebhookIn(BodyIn):
    """A new endpoint."""

    model_config = ConfigDict(extra="forbid") | _example(
        url="https://hooks.example.jp/kagimori",
        kinds=["booking.*", "pin.failed"],
        description="予約システム",
    )

    url: Url = Field(description="https; no user name, no fragment. Redirects are not followed.")
    kinds: Kinds
    description: Description = ""
    sites: Sites | None = Field(None, description="What it hears of; null: all sites of yours.")
    insecure: bool = Field(False, description=_INSECURE)
    include_contact: bool = Field(False, description=_CONTACT)

    def wish(self) -> EndpointWish:
        """The same as the service takes it."""
        return EndpointWish(
            self.url,
            tuple(self.kinds),
            self.description,
            None if self.sites is None else tuple(self.sites),
            self.insecure,
            self.include_contact,
        )


class WebhookChangeIn(ChangeIn):
    """What is to change of an endpoint."""

    model_config = ConfigDict(extra="forbid") | _example(state="paused")

    url: Url = Field("https://", description="What waits goes to the new address.")
    kinds: Kinds = Field(default_factory=list)
    description: Description = ""
    sites: Sites | None = clearable()
    insecure: bool = Field(False, description=_INSECURE)
    include_contact: bool = Field(False, description=_CONTACT)
    state: EndpointState = Field(
        EndpointState.ACTIVE,
        description="`active`, `paused` (messages wait) or `disabled` (what waits is given up).",
    )

    def wanted(self) -> dict[str, Any]:
        """What was sent, as the service takes it."""
        found = self.changes()
        for name in ("kinds", "sites"):
            if found.get(name) is not None:
                found[name] = tuple(found[name])
        return found


_ENDPOINT_EXAMPLE: Final[dict[str, Any]] = {
    "id": _ID,
    "url": "https://hooks.example.jp/kagimori",
    "description": "予約システム",
    "kinds": ["booking.*", "pin.failed"],
    "sites": [_SITE],
    "insecure": False,
    "include_contact": False,
    "state": "active",
    "failures": 0,
    "pending": 1,
    "failed": 0,
    "previous_secret_until": None,
    "created_at": "2026-04-06T00:00:00Z",
    "updated_at": "2026-04-06T00:00:00Z",
    "last_success_at": "2026-04-06T03:12:45Z",
    "last_failure_at": None,
}


class WebhookOut(BaseModel):
    """An endpoint. Its secret is shown where it is made, and never again."""

    model_config = _example(**_ENDPOINT_EXAMPLE)

    id: str
    url: str
    description: str
    kinds: list[str]
    sites: list[str] | None
    insecure: bool = Field(description="True: it may be reached by plain http. A risk.")
    include_contact: bool = Field(description="True: personal data leaves the hub.")
    state: EndpointState
    failures: int = Field(description="Failed attempts in a row.")
    pending: int = Field(description="Messages that wait.")
    failed: int = Field(description="Messages that were given up: `recover` sends them again.")
    previous_secret_until: datetime | None = Field(description="Until then two secrets sign.")
    created_at: datetime
    updated_at: datetime
    last_success_at: datetime | None
    last_failure_at: datetime | None

    @classmethod
    def of(cls, found: Standing) -> WebhookOut:
        """Show one."""
        return cls(**_fields(found.endpoint), pending=found.pending, failed=found.failed)


def _fields(kept: Endpoint) -> dict[str, Any]:
    names = (
        *("id", "url", "description", "insecure", "include_contact", "state", "failures"),
        *("created_at", "updated_at", "last_success_at", "last_failure_at"),
    )
    return {name: getattr(kept, name) for name in names} | {
        "kinds": list(kept.kinds),
        "sites": None if kept.sites is None else list(kept.sites),
        "previous_secret_until": kept.previous_until,
    }


class WebhookWithSecretOut(WebhookOut):
    """An endpoint, and its secret: keep it, it is not shown again."""

    model_config = _example(**_ENDPOINT_EXAMPLE, secret=_SECRET)

    secret: str = Field(description="`whsec_` and base64, as libraries of the specification take.")

    @classmethod
    def showing(cls, made: WithSecret) -> WebhookWithSecretOut:
        """Show a new secret."""
        return cls(**_fields(made.row), pending=0, failed=0, secret=made.secret)


class RotateIn(BodyIn):
    """How long the secret before goes on to hold."""

    model_config = ConfigDict(extra="forbid") | _example(grace_h=24)

    grace_h: Annotated[int, Field(ge=0, le=168)] = Field(
        24, description="Hours in which both secrets hold; 0 where the old one is known to others."
    )


class DeliveryAttemptOut(BaseModel):
    """One attempt to deliver."""

    model_config = _example(
        number=1,
        at="2026-04-06T03:12:45Z",
        status=503,
        latency_ms=182,
        fault="status",
        answer="maintenance",
    )

    number: int
    at: datetime
    status: int | None = Field(description="Null: no answer came.")
    latency_ms: int
    fault: Fault | None = Field(description="Null: the message was taken.")
    answer: str = Field(description="The first kilobyte of it.")


_DELIVERY_EXAMPLE: Final[dict[str, Any]] = {
    "id": _DELIVERY,
    "message_id": _MESSAGE,
    "kind": "booking.confirmed",
    "seq": 41,
    "state": "delivered",
    "attempts": [
        {
            "number": 1,
            "at": "2026-04-06T03:12:45Z",
            "status": 204,
            "latency_ms": 96,
            "fault": None,
            "answer": "",
        }
    ],
    "next_at": None,
    "created_at": "2026-04-06T03:12:44Z",
    "settled_at": "2026-04-06T03:12:45Z",
}


class DeliveryOut(BaseModel):
    """One message for one endpoint, and what came of it."""

    model_config = _example(**_DELIVERY_EXAMPLE)

    id: str
    message_id: str = Field(description="The header `webhook-id`, the same in every attempt.")
    kind: str
    seq: int = Field(description="Counts the endpoint's messages without gaps.")
    state: DeliveryState
    attempts: list[DeliveryAttemptOut]
    next_at: datetime | None = Field(description="When it is tried next; null: not any more.")
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, found: Logged) -> DeliveryOut:
        """Show one."""
        return cls(**_delivery_fields(found))


class DeliveryWithPayloadOut(DeliveryOut):
    """The same with the body that was sent, byte for byte."""

    model_config = _example(
        **_DELIVERY_EXAMPLE,
        payload='{"type":"booking.confirmed","timestamp":"2026-04-06T03:12:44+00:00","seq":41,'
        '"data":{"reservation_key":"R-2026-0412"}}',
    )

    payload: str

    @classmethod
    def showing(cls, found: Logged) -> DeliveryWithPayloadOut:
        """Show one."""
        return cls(**_delivery_fields(found), payload=found.delivery.payload)


def _delivery_fields(found: Logged) -> dict[str, Any]:
    kept = found.delivery
    return {
        **{
            name: getattr(kept, name)
            for name in ("id", "message_id", "kind", "seq", "state", "created_at", "settled_at")
        },
        "next_at": kept.next_at if kept.state is DeliveryState.PENDING else None,
        "attempts": [
            DeliveryAttemptOut(
                number=each.number,
                at=each.at,
                status=each.status,
                latency_ms=each.latency_ms,
                fault=each.fault,
                answer=each.answer,
            )
            for each in found.attempts
        ],
    }


class RecoverIn(BodyIn):
    """Since when failed messages are sent again."""

    model_config = ConfigDict(extra="forbid") | _example(since="2026-04-06T00:00:00+09:00")

    since: Instant


class RecoveredOut(BaseModel):
    """How many messages are sent again."""

    model_config = _example(count=12)

    count: int
