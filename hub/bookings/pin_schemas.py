"""What goes over HTTP of a booking's PINs and codes, where they are placed, and their digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from hub.bookings.backups import BackupCode, BackupKind
from hub.bookings.common_schemas import WindowOut, example
from hub.bookings.records import CodeView, CredentialView, Revealed, StillOpens
from hub.keyboxes.codes import ShownCode
from hub.keyboxes.domain import CodeState, LockKind
from hub.pins.placement import Pending, PlacementState, Problem, Readiness
from hub.pins.tables import PinVariant
from hub.web import example_ids as ids

_HOLDER = ids.HOLDER
_DOOR = ids.DOOR
_BOX = ids.KEY_BOX
_WINDOW = {"starts_at": "2026-04-10T08:50:00Z", "ends_at": "2026-04-10T11:10:00Z"}
_HOURS = {"starts_at": "2026-04-10T08:00:00Z", "ends_at": "2026-04-10T12:00:00Z"}
PLACEMENT: dict[str, object] = {
    "door_id": _DOOR,
    "state": "placed",
    "problems": [],
    "pending": [],
    "placed_at": "2026-04-09T00:00:02Z",
    "old_digits_since": None,
    "held_until": None,
}
CREDENTIAL = {
    "id": ids.CREDENTIAL,
    "variant": "ordinary",
    "holder_id": _HOLDER,
    "holder": "山田 花子",
    "digits": 6,
    "max_uses": None,
    "readiness": "placed",
    "placements": [PLACEMENT],
}
CODE = {
    "id": ids.CODE,
    "key_box_id": _BOX,
    "holder_id": _HOLDER,
    "holder": "山田 花子",
    "digits": 9,
    "state": "computed",
    "effective": _HOURS,
    "problems": [],
    "revealed_at": None,
}
OFFLINE = {
    "computed": 1,
    "active": 0,
    "ended": 0,
    "can_be_confirmed": False,
    "revocable_from_afar": False,
}
STILL_OPENS = {
    "lock_id": _BOX,
    "lock_kind": "key_box",
    "holder_id": _HOLDER,
    "code": "3.41210.0.1",
    "opens": _HOURS,
}
_DIGITS = {"lock_id": _BOX, "lock_kind": "key_box", "digits": "482716305", "effective": _HOURS}
_PIN = {"holder_id": _HOLDER, "pin": "482716", "duress": None, "codes": [_DIGITS]}
_BACKUP = {
    "holder_id": _HOLDER,
    "door_id": _DOOR,
    "kind": "sealed",
    "digits": "4827163059",
    "effective": _HOURS,
    "opens": _HOURS,
    "grace_s": 600,
    "confirmed": True,
    "ends_when_confirmed": False,
}


class PlacementOut(BaseModel):
    """A PIN at one door."""

    model_config = example(PLACEMENT)

    door_id: str
    state: PlacementState
    problems: list[Problem]
    pending: list[Pending]
    placed_at: datetime | None
    old_digits_since: datetime | None = Field(
        description="Other digits were given then; the old ones may open here until the door has "
        "proven that it holds the new."
    )
    held_until: datetime | None = Field(
        description="The door may hold another window than the wanted one, until this at the "
        "latest: it has not proven the change."
    )


class CredentialOut(BaseModel):
    """One holder's PIN, without its digits."""

    model_config = example(CREDENTIAL)

    id: str
    variant: PinVariant = Field(description="`duress` opens and raises a silent alarm.")
    holder_id: str
    holder: str
    digits: int
    max_uses: int | None
    readiness: Readiness
    placements: list[PlacementOut]

    @classmethod
    def of(cls, view: CredentialView) -> CredentialOut:
        """Show a credential."""
        return cls(
            id=view.credential_id,
            variant=view.variant,
            holder_id=view.holder_id,
            holder=view.holder,
            digits=view.digits,
            max_uses=view.max_uses,
            readiness=view.readiness,
            placements=[
                PlacementOut(
                    door_id=place.door_id,
                    state=place.state,
                    problems=list(place.problems),
                    pending=list(place.pending),
                    placed_at=place.placed_at,
                    old_digits_since=place.old_digits_since,
                    held_until=place.held_until,
                )
                for place in view.placements
            ],
        )


class CodeOut(BaseModel):
    """One holder's sealed code for one key box, without its digits. `effective` is what it really
    covers: starts lie on a grid and durations come from a list."""

    model_config = example(CODE)

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
            effective=WindowOut.of(view.effective),
            problems=list(view.problems),
            revealed_at=view.revealed_at,
        )


class StillOpensOut(BaseModel):
    """A code that was shown, is nobody's any more and opens all the same: until its window ends or,
    at a key box, a code of a later generation is used there."""

    model_config = example(STILL_OPENS)

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
            opens=WindowOut.of(found.opens),
        )


class OfflineOut(BaseModel):
    """How many codes of key boxes there are, by state: counted apart, since no box confirms."""

    model_config = example(OFFLINE)

    computed: int
    active: int
    ended: int
    can_be_confirmed: bool = Field(False, description="Never: a key box has no network.")
    revocable_from_afar: bool = Field(
        False, description="Never, once shown: `still_opens` says which open after all."
    )

    @classmethod
    def of(cls, codes: Sequence[CodeView]) -> OfflineOut:
        """Count codes."""
        counted = Counter(code.state for code in codes)
        return cls(
            computed=counted[CodeState.COMPUTED],
            active=counted[CodeState.ACTIVE],
            ended=counted[CodeState.ENDED],
            can_be_confirmed=False,
            revocable_from_afar=False,
        )


class CodeDigitsOut(BaseModel):
    """The digits of a sealed code, and from when until when they open."""

    model_config = example(_DIGITS)

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

    model_config = example(_PIN)

    holder_id: str
    pin: str | None = Field(description="Null where the booking has key boxes alone.")
    duress: str | None = Field(
        description="Typed under duress: opens as the PIN does, and raises a silent alarm."
    )
    codes: list[CodeDigitsOut]

    @classmethod
    def of(cls, revealed: Revealed) -> PinOut:
        """Show what a holder types."""
        codes = [CodeDigitsOut.of(each) for each in revealed.codes]
        return cls(
            holder_id=revealed.holder_id, pin=revealed.pin, duress=revealed.duress, codes=codes
        )


class BackupCodeOut(BaseModel):
    """A holder's code for one networked door that is away."""

    model_config = example(_BACKUP)

    holder_id: str
    door_id: str
    kind: BackupKind = Field(
        description="`standing`: of the door's pool, which its lock holds. `sealed`: the door's "
        "controller checks it by itself."
    )
    digits: str
    effective: WindowOut
    opens: WindowOut = Field(
        description="The door takes it through this window until it has proven that it learnt "
        "`effective`."
    )
    grace_s: int = Field(
        description="A sealed code is taken for so long after the door's controller is back."
    )
    confirmed: bool = Field(description="Its controller has proven that it takes the code.")
    ends_when_confirmed: bool = Field(
        description="The code ends with the booking only once the door is back and has proven it; "
        "nothing can narrow it before."
    )

    @classmethod
    def of(cls, given: BackupCode) -> BackupCodeOut:
        """Show one."""
        return cls(
            holder_id=given.holder_id,
            door_id=given.door_id,
            kind=given.kind,
            digits=given.digits,
            effective=WindowOut(starts_at=given.effective[0], ends_at=given.effective[1]),
            opens=WindowOut(starts_at=given.opens[0], ends_at=given.opens[1]),
            grace_s=given.grace_s,
            confirmed=given.confirmed,
            ends_when_confirmed=given.ends_when_confirmed,
        )


class LinkOut(BaseModel):
    """A link that shows a booking's PIN, once."""

    model_config = example({"path": "/p/3q2-7wEiM0RVZneImaq7zA"})

    path: str
