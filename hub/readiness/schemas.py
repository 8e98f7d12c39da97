"""What goes over HTTP of readiness."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.catalogue import Translator
from hub.readiness.board import BookingReadiness, Level
from hub.readiness.figures import Distribution, Figures, LatencyFigures, Rate
from hub.readiness.findings import Finding, Found, LockReadiness, Remedy, Severity
from hub.readiness.repository import OwnRule
from hub.readiness.tables import RuleOf
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, CalendarDate

_BOOKING = ids.BOOKING
_SITE = ids.SITE
_DOOR = ids.DOOR


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


_FINDING = {
    "code": "controller_away",
    "severity": "blocker",
    "title": "制御装置と通信できません",
    "advice": "通信と電源を確かめてください。",
}
_REMEDY = {"code": "drive", "text": "担当者が現地で開けてください。"}
_LOCK = {
    "lock_id": _DOOR,
    "can_confirm": True,
    "confirmed": False,
    "confirmed_at": None,
    "findings": [_FINDING],
    "remedies": [_REMEDY],
}


class FindingOut(BaseModel):
    """Something that keeps a PIN from opening, or may: with words in the asker's language."""

    model_config = _example(**_FINDING)

    code: Finding
    severity: Severity
    title: str
    advice: str = Field(description="What to do about it.")

    @classmethod
    def of(cls, found: Found, t: Translator) -> FindingOut:
        """Show one."""
        code = found.code
        return cls(
            code=code,
            severity=found.severity,
            title=t(f"finding.{code}.title"),
            advice=t(f"finding.{code}.advice"),
        )


class RemedyOut(BaseModel):
    """What gets people in all the same."""

    model_config = _example(**_REMEDY)

    code: Remedy
    text: str


class LockReadinessOut(BaseModel):
    """How ready one door or key box is."""

    model_config = _example(**_LOCK)

    lock_id: str
    can_confirm: bool = Field(description="False for a key box: it has no network.")
    confirmed: bool
    confirmed_at: datetime | None
    findings: list[FindingOut]
    remedies: list[RemedyOut]

    @classmethod
    def of(cls, lock: LockReadiness, t: Translator) -> LockReadinessOut:
        """Show one."""
        return cls(
            lock_id=lock.lock_id,
            can_confirm=lock.can_confirm,
            confirmed=lock.confirmed,
            confirmed_at=lock.confirmed_at,
            findings=[FindingOut.of(each, t) for each in lock.findings],
            remedies=[RemedyOut(code=each, text=t(f"remedy.{each}")) for each in lock.remedies],
        )


class BookingReadinessOut(BaseModel):
    """How ready a booking's doors are, and by when they have to be."""

    model_config = _example(
        booking_id=_BOOKING,
        reservation_key="2026-0417",
        site_id=_SITE,
        facility_id=None,
        starts_at="2026-04-07T09:20:00Z",
        ends_at="2026-04-07T12:10:00Z",
        level="late",
        deadline="2026-04-07T08:20:00Z",
        ready_at=None,
        late_at="2026-04-07T08:20:01Z",
        step=1,
        locks=[_LOCK],
    )

    booking_id: str
    reservation_key: str
    site_id: str
    facility_id: str | None
    starts_at: datetime = Field(description="Of the effective window.")
    ends_at: datetime
    level: Level
    deadline: datetime | None = Field(description="Null without a door, or before approval.")
    ready_at: datetime | None = Field(description="When the last door confirmed.")
    late_at: datetime | None
    step: int = Field(description="The highest rung of the ladder of escalation that was told.")
    locks: list[LockReadinessOut]

    @classmethod
    def of(cls, found: BookingReadiness, t: Translator) -> BookingReadinessOut:
        """Show one."""
        booking = found.booking
        return cls(
            booking_id=booking.id,
            reservation_key=booking.reservation_key,
            site_id=booking.site_id,
            facility_id=booking.facility_id,
            starts_at=booking.effective.starts_at,
            ends_at=booking.effective.ends_at,
            level=found.level,
            deadline=found.deadline,
            ready_at=found.ready_at,
            late_at=found.late_at,
            step=found.step,
            locks=[LockReadinessOut.of(each, t) for each in found.locks],
        )


_RATE = {"met": 117, "missed": 1, "share": 117 / 118}


class RateOut(BaseModel):
    """How many deadlines were met."""

    model_config = _example(**_RATE)

    met: int
    missed: int
    share: float | None = Field(description="0 to 1; null where there was none.")

    @classmethod
    def of(cls, found: Rate) -> RateOut:
        """Show one."""
        return cls(met=found.met, missed=found.missed, share=found.share)


_BUCKET = {"up_to_s": 0.5, "count": 4}


class BucketOut(BaseModel):
    """A bucket of a histogram."""

    model_config = _example(**_BUCKET)

    up_to_s: float | None = Field(description="Null for the last one, which has no bound.")
    count: int


_SPREAD = {
    "count": 4,
    "p50_s": 0.21,
    "p90_s": 0.4,
    "p99_s": 0.4,
    "max_s": 0.4,
    "buckets": [_BUCKET],
}


class DistributionOut(BaseModel):
    """How long something took, in seconds. Percentiles are values that occurred."""

    model_config = _example(**_SPREAD)

    count: int
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    buckets: list[BucketOut]

    @classmethod
    def of(cls, found: Distribution) -> DistributionOut:
        """Show one."""
        return cls(
            count=found.count,
            p50_s=found.p50_s,
            p90_s=found.p90_s,
            p99_s=found.p99_s,
            max_s=found.max_s,
            buckets=[BucketOut(up_to_s=top, count=count) for top, count in found.buckets],
        )


_PARTS = {"every": _SPREAD, "connected": _SPREAD, "away": {**_SPREAD, "count": 0}}


class LatencyOut(BaseModel):
    """A latency, parted by whether the controller had the hub all the while."""

    model_config = _example(**_PARTS)

    every: DistributionOut
    connected: DistributionOut
    away: DistributionOut

    @classmethod
    def of(cls, found: LatencyFigures) -> LatencyOut:
        """Show one."""
        return cls(
            every=DistributionOut.of(found.every),
            connected=DistributionOut.of(found.connected),
            away=DistributionOut.of(found.away),
        )


class FiguresOut(BaseModel):
    """Hit rate and latencies of a span of days. Each booking counts once."""

    model_config = _example(
        since="2026-03-31T15:00:00Z",
        until="2026-04-30T15:00:00Z",
        town=_RATE,
        by_site={_SITE: _RATE},
        by_door={_DOOR: _RATE},
        issue_to_placed=_PARTS,
        revoke_to_dead=_PARTS,
    )

    since: datetime
    until: datetime
    town: RateOut
    by_site: dict[str, RateOut]
    by_door: dict[str, RateOut]
    issue_to_placed: LatencyOut
    revoke_to_dead: LatencyOut

    @classmethod
    def of(cls, found: Figures) -> FiguresOut:
        """Show them."""
        return cls(
            since=found.since,
            until=found.until,
            town=RateOut.of(found.town),
            by_site={each: RateOut.of(one) for each, one in found.by_site.items()},
            by_door={each: RateOut.of(one) for each, one in found.by_door.items()},
            issue_to_placed=LatencyOut.of(found.issue),
            revoke_to_dead=LatencyOut.of(found.revoke),
        )


class RuleIn(BodyIn):
    """A deadline of its own."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lead_min": 120, "grace_min": 5}]}
    )

    lead_min: Annotated[int, Field(ge=1, le=48 * 60)] = Field(
        description="Minutes before the effective start."
    )
    grace_min: Annotated[int, Field(ge=1, le=24 * 60)] = Field(
        5, description="Minutes after a booking that is made later than that."
    )


class RuleOut(BaseModel):
    """A deadline of a site's or a facility's own."""

    model_config = _example(kind="site", target=_SITE, lead_min=120, grace_min=5)

    kind: RuleOf
    target: str
    lead_min: int
    grace_min: int

    @classmethod
    def of(cls, rule: OwnRule) -> RuleOut:
        """Show one."""
        return cls(
            kind=rule.kind,
            target=rule.target,
            lead_min=rule.lead_min,
            grace_min=rule.grace_min,
        )


Day = CalendarDate
