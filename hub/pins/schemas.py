"""What goes over HTTP of doors' PINs: risks, constraints, pools. Digits stand in none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.keyboxes.schemas import CodeProfileOut
from hub.pins.constraints import CodeConstraints
from hub.pins.placement import PlacementState
from hub.pins.pool_desk import PoolSheet
from hub.pins.risk import DoorRiskView
from hub.pins.standing import MAX_LIFE_DAYS, MAX_SIZE, USUAL_LIFE_DAYS
from hub.web import example_ids as ids
from hub.web.fields import BodyIn
from wire.policy_bodies import Side

_DOOR = ids.DOOR
_READER = ids.READER


class KeypadBudgetOut(BaseModel):
    """A keypad's try budget."""

    model_config = ConfigDict(from_attributes=True)

    reader_id: str
    tries: int
    lockout_s: int
    lockout_max_s: int


class LivePinsOut(BaseModel):
    """How many PINs of one length can be found out in the window."""

    digits: int
    count: int


class WithDigitsOut(BaseModel):
    """What one more PIN of so many digits, live throughout the window, would come to."""

    model_config = ConfigDict(from_attributes=True)

    digits: int
    chance: float
    within_bound: bool = Field(description="For it and for every PIN that it meets.")


class DoorRiskOut(BaseModel):
    """What guessing at a door comes to in a window: every chance is an upper bound."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "door_id": _DOOR,
                    "starts_at": "2026-04-12T09:00:00Z",
                    "ends_at": "2026-04-13T09:00:00Z",
                    "keypads": [
                        {
                            "reader_id": _READER,
                            "tries": 5,
                            "lockout_s": 300,
                            "lockout_max_s": 3600,
                        }
                    ],
                    "tries": 140,
                    "live": [{"digits": 6, "count": 3}],
                    "chance": 0.00044,
                    "bound": 0.01,
                    "min_digits": 6,
                    "max_digits": 10,
                    "digits_needed": 6,
                    "options": [
                        {"digits": 4, "chance": 0.0236, "within_bound": False},
                        {"digits": 5, "chance": 0.0017, "within_bound": True},
                        {"digits": 6, "chance": 0.0006, "within_bound": True},
                    ],
                }
            ]
        }
    )

    door_id: str
    starts_at: datetime
    ends_at: datetime
    keypads: list[KeypadBudgetOut]
    tries: int = Field(description="The most wrong PINs that all its keypads take in the window.")
    live: list[LivePinsOut]
    chance: float
    bound: float
    min_digits: int
    max_digits: int
    digits_needed: int | None = Field(
        description="The fewest digits, from `min_digits` on, of one more PIN within the bound; "
        "null where none would do."
    )
    options: list[WithDigitsOut]

    @classmethod
    def of(cls, found: DoorRiskView) -> DoorRiskOut:
        """Show it."""
        return cls(
            door_id=found.door_id,
            starts_at=found.window[0],
            ends_at=found.window[1],
            keypads=[
                KeypadBudgetOut(
                    reader_id=each.id,
                    tries=each.tries,
                    lockout_s=each.lockout_s,
                    lockout_max_s=each.lockout_max_s,
                )
                for each in found.keypads
            ],
            tries=found.tries,
            live=[LivePinsOut(digits=digits, count=n) for digits, n in found.live.items()],
            chance=found.chance,
            bound=found.bound,
            min_digits=found.min_digits,
            max_digits=found.max_digits,
            digits_needed=found.digits_needed,
            options=[WithDigitsOut.model_validate(each) for each in found.options],
        )


class KeypadRulesOut(BaseModel):
    """What one keypad takes."""

    model_config = ConfigDict(from_attributes=True)

    reader_id: str
    side: Side
    min_digits: int
    max_digits: int
    key_timeout_ms: int
    tries: int
    lockout_s: int
    lockout_max_s: int


class LockListOut(BaseModel):
    """What the lock holds of itself, for when its controller is dead."""

    model_config = ConfigDict(from_attributes=True)

    capacity: int
    resolution_s: int
    takes_max_uses: bool


class CodeConstraintsOut(BaseModel):
    """What codes a door takes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "door_id": _DOOR,
                    "min_digits": 6,
                    "max_digits": 10,
                    "lengths": [6, 7, 8, 9, 10],
                    "keypads": [
                        {
                            "reader_id": _READER,
                            "side": "entry",
                            "min_digits": 6,
                            "max_digits": 10,
                            "key_timeout_ms": 10000,
                            "tries": 5,
                            "lockout_s": 300,
                            "lockout_max_s": 3600,
                        }
                    ],
                    "weak_rules": ["two_digits", "block", "run"],
                    "no_reuse_days": 30,
                    "guess_risk_bound": 0.01,
                    "horizon_h": 72,
                    "resolution_ms": 1,
                    "known_early_s": 3600,
                    "takes_max_uses": True,
                    "revocable_from_afar": True,
                    "lock_list": {"capacity": 300, "resolution_s": 1, "takes_max_uses": False},
                    "standing_codes": 3,
                    "sealed": None,
                    "sealed_revocable_from_afar": False,
                }
            ]
        }
    )

    door_id: str
    min_digits: int
    max_digits: int
    lengths: list[int] = Field(description="How many digits a PIN may have.")
    keypads: list[KeypadRulesOut]
    weak_rules: list[str] = Field(description="Names of patterns that are never drawn.")
    no_reuse_days: int
    guess_risk_bound: float
    horizon_h: int = Field(description="The door learns a PIN so long before its window.")
    resolution_ms: int = Field(description="How exactly its controller keeps a window's ends.")
    known_early_s: int = Field(
        description="Typed so long before its window, a PIN is denied without costing a try."
    )
    takes_max_uses: bool
    revocable_from_afar: bool = Field(
        description="A PIN dies at the next contact, and at its window's end without any."
    )
    lock_list: LockListOut | None
    standing_codes: int
    sealed: CodeProfileOut | None = Field(
        description="The shapes of the sealed codes that its controller checks while it is away."
    )
    sealed_revocable_from_afar: bool

    @classmethod
    def of(cls, found: CodeConstraints) -> CodeConstraintsOut:
        """Show them."""
        lock_list = found.lock_list
        return cls(
            door_id=found.door_id,
            min_digits=found.min_digits,
            max_digits=found.max_digits,
            lengths=list(range(found.min_digits, found.max_digits + 1)),
            keypads=[KeypadRulesOut.model_validate(each) for each in found.keypads],
            weak_rules=list(found.weak_rules),
            no_reuse_days=found.no_reuse_days,
            guess_risk_bound=found.guess_risk_bound,
            horizon_h=found.horizon_h,
            resolution_ms=found.resolution_ms,
            known_early_s=found.known_early_s,
            takes_max_uses=found.takes_max_uses,
            revocable_from_afar=True,
            lock_list=LockListOut.model_validate(lock_list) if lock_list else None,
            standing_codes=found.standing_codes,
            sealed=CodeProfileOut.of(found.sealed) if found.sealed else None,
            sealed_revocable_from_afar=False,
        )


class PoolIn(BodyIn):
    """How many standing codes a door is to hold."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"size": 3, "life_days": 14}]}
    )

    size: Annotated[int, Field(ge=0, le=MAX_SIZE)]
    life_days: Annotated[int, Field(ge=1, le=MAX_LIFE_DAYS)] = Field(
        USUAL_LIFE_DAYS,
        description="Each is good for so long, and replaced at half of it: shorter than an outage "
        "they are of no use, and longer they can be guessed at longer.",
    )


class StandingCodeOut(BaseModel):
    """One code of a pool, without its digits."""

    credential_id: str
    digits: int
    state: PlacementState
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    pulled_at: datetime | None
    booking_id: str | None
    opens_until: datetime = Field(
        description="The door may take it until then: it has not proven a narrower window."
    )


class PoolOut(BaseModel):
    """A door's pool."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "door_id": _DOOR,
                    "size": 1,
                    "life_days": 14,
                    "ready": 1,
                    "codes": [
                        {
                            "credential_id": ids.CREDENTIAL,
                            "digits": 7,
                            "state": "active",
                            "starts_at": "2026-04-12T09:00:00Z",
                            "ends_at": "2026-04-26T09:00:00Z",
                            "made_at": "2026-04-12T09:00:00Z",
                            "pulled_at": None,
                            "booking_id": None,
                            "opens_until": "2026-04-26T09:00:00Z",
                        }
                    ],
                }
            ]
        }
    )

    door_id: str
    size: int
    life_days: int
    ready: int = Field(description="Proven by the door and nobody's yet.")
    codes: list[StandingCodeOut]

    @classmethod
    def of(cls, found: PoolSheet) -> PoolOut:
        """Show it."""
        return cls(
            door_id=found.pool.door_id,
            size=found.pool.size,
            life_days=found.pool.life_days,
            ready=found.ready,
            codes=[
                StandingCodeOut(
                    credential_id=each.credential_id,
                    digits=each.digits,
                    state=each.state,
                    starts_at=each.window[0],
                    ends_at=each.window[1],
                    made_at=each.made_at,
                    pulled_at=each.pulled_at,
                    booking_id=each.booking_id,
                    opens_until=max(each.window[1], each.held_until or each.window[1]),
                )
                for each in found.codes
            ],
        )
