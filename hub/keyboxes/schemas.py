"""What the API takes and gives of key boxes."""

from __future__ import annotations

import base64
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from hub.keyboxes import examples
from hub.keyboxes.domain import BoxState
from hub.keyboxes.log_repository import TicketMade, Visit
from hub.keyboxes.repository import DoorBackup
from hub.keyboxes.service import BoxSheet, Concerned, Provisioning
from hub.sites.domain import SiteState
from hub.web.fields import BodyIn, CalendarDate, ChangeIn, Name, OptionalName, RowOut, shown
from wire.keybox_keys import Right, date_of
from wire.offline_profiles import DEFAULT_PROFILE, PROFILES, Profile

Id = Annotated[str, Field(min_length=1, max_length=80)]
ProfileName = Annotated[
    str, Field(max_length=32, description="A name of `/api/v1/key_box_profiles`; for good.")
]
Line = Annotated[str, Field(max_length=200)]
Days = Annotated[int, Field(ge=1, le=730, description="A visit is due after so many days.")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class KeyBoxIn(BodyIn):
    """A new key box. Its secrets are drawn by the hub and never given but to the bench."""

    model_config = shown(examples.KEY_BOX_IN)

    site_id: Id
    name: Name
    name_en: OptionalName = ""
    name_kana: OptionalName = ""
    profile: ProfileName = DEFAULT_PROFILE
    place: Line = Field("", description="Where it hangs, for whoever looks for it.")
    closing: Line = Field("", description="How it is closed, where that is not plain.")
    key_holder: Line = Field("", description="Who holds its mechanical key.")
    visit_every_days: Days = 90


class KeyBoxChange(ChangeIn):
    """What to change of a key box. Its profile stays: another one is another box."""

    model_config = shown(examples.KEY_BOX_CHANGE)

    site_id: Id | None = None
    name: Name | None = None
    name_en: OptionalName | None = None
    name_kana: OptionalName | None = None
    state: SiteState | None = None
    place: Line | None = None
    closing: Line | None = None
    key_holder: Line | None = None
    visit_every_days: Days | None = None


class KeyBoxOut(RowOut):
    """A key box. `guess_risk` is the chance that one blind try hits a code, at any moment."""

    model_config = shown(examples.KEY_BOX_OUT)

    id: str
    site_id: str
    state: SiteState
    name: str
    name_en: str
    name_kana: str
    profile: str
    digits: int
    guess_risk: float
    place: str
    closing: str
    key_holder: str
    visit_every_days: int
    generation: int = Field(description="What new codes carry.")
    device_version: int = Field(description="The secret the box has, as was told; 0: the bench's.")
    code_version: int = Field(description="The secret that codes are made under.")
    created_at: datetime
    updated_at: datetime


class ShapeOut(BaseModel):
    """A sort of window: it starts on a grid and lasts so long."""

    grid_minutes: int
    duration_minutes: int
    once: bool


class CodeProfileOut(BaseModel):
    """Which windows codes can carry, and how likely a blind try hits one."""

    model_config = shown(examples.PROFILE_OUT)

    name: str
    digits: int
    guess_risk: float
    longest_minutes: int = Field(description="The longest window of a code that opens repeatedly.")
    always_minutes: int = Field(
        description="A booking up to so long, margins included, is covered whenever it starts."
    )
    codes_a_window: int = Field(description="So many bookings' holders can share a window.")
    generations_ahead: int
    clock_doubt_s: int
    shapes: list[ShapeOut]

    @classmethod
    def of(cls, profile: Profile) -> CodeProfileOut:
        """Show a profile."""
        return cls(
            name=profile.name,
            digits=profile.digits,
            guess_risk=float(profile.bound),
            longest_minutes=profile.longest_s // 60,
            always_minutes=profile.always_s // 60,
            codes_a_window=profile.variants,
            generations_ahead=profile.ahead,
            clock_doubt_s=profile.drift_s,
            shapes=[
                ShapeOut(
                    grid_minutes=shape.grid_s // 60,
                    duration_minutes=shape.duration_s // 60,
                    once=shape.once,
                )
                for shape in profile.shapes
            ],
        )

    @classmethod
    def every(cls, minutes: int = 0) -> list[CodeProfileOut]:
        """Show the closed list: those that cover bookings of so many minutes, whenever they start;
        the fewest digits first."""
        every = (cls.of(profile) for profile in PROFILES.values())
        fitting = (each for each in every if each.always_minutes >= minutes)
        return sorted(fitting, key=lambda each: (each.digits, each.longest_minutes))


class BoxStateOut(RowOut):
    """What a box told of itself, as of its last visit."""

    model_config = shown(examples.BOX_STATE_OUT)

    last_visit_at: datetime | None
    collected_by: str
    log_epoch: int | None
    next_index: int | None
    seen_generation: int | None
    battery_mv: int | None
    battery_dc: int | None = Field(description="Temperature then, tenths of a degree Celsius.")
    battery_at: datetime | None
    uses: int | None
    clock_set_at: datetime | None
    clock_offset_ms: int | None = Field(description="How far its clock was off when it was set.")
    clock_error_ms: int | None
    firmware: str
    tamper_since: datetime | None
    jammed_since: datetime | None
    key_absent_since: datetime | None


class KeyBoxStateOut(BaseModel):
    """A key box as last heard of, and what the hub keeps of it."""

    model_config = shown(examples.KEY_BOX_STATE_OUT)

    key_box_id: str
    told: BoxStateOut
    visit_due_at: datetime
    codes_living: int
    secrets_waiting: int | None = Field(description="A version that the next ticket carries.")
    log_through: int | None = Field(
        description="Every record of `log_epoch` through this index is in the hub, or declared "
        "as lost."
    )

    @classmethod
    def of(cls, sheet: BoxSheet) -> KeyBoxStateOut:
        """Show a box's state."""
        state: BoxState = sheet.state
        return cls(
            key_box_id=sheet.box.id,
            told=BoxStateOut.model_validate(state),
            visit_due_at=state.visit_due_at(sheet.box),
            codes_living=sheet.living,
            secrets_waiting=sheet.pending_version,
            log_through=sheet.position.through if sheet.position else None,
        )


class ProvisioningOut(BaseModel):
    """What the bench writes into a blank box: given once."""

    model_config = shown(examples.PROVISIONING_OUT)

    device: str
    kind: int = Field(1, description="A key box, as the maintenance link counts kinds.")
    maintenance_secret: str = Field(description="K_maint, 32 bytes in base64.")

    @classmethod
    def of(cls, made: Provisioning) -> ProvisioningOut:
        """Show it."""
        text = base64.b64encode(made.maintenance).decode()
        return cls(device=made.key_box_id, kind=1, maintenance_secret=text)


class TicketRight(StrEnum):
    """What a ticket lets its holder do at the box."""

    READ = "read"
    CLOCK = "clock"
    CLEAR = "clear"
    SECRET = "secret"  # noqa: S105  # a word, no secret
    FIRMWARE = "firmware"
    OPERATE = "operate"


class TicketIn(BodyIn):
    """A ticket for one box and one day."""

    model_config = shown(examples.TICKET_IN)

    day: Annotated[CalendarDate, Field(description="In Japan; today, or one of the next 14 days.")]
    rights: Annotated[list[TicketRight], Field(min_length=1, max_length=6)] = Field(
        default_factory=lambda: [
            TicketRight.READ,
            TicketRight.CLOCK,
            TicketRight.CLEAR,
            TicketRight.SECRET,
        ]
    )
    purpose: Reason
    secret_version: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        description="The secret the box is thought to have; what it told if left out.",
    )

    @property
    def bits(self) -> Right:
        """The rights as the link has them."""
        found = Right(0)
        for each in self.rights:
            found |= Right[each.name]
        return found


class TicketMadeOut(RowOut):
    """A ticket that was made, never what is in it."""

    model_config = shown(examples.TICKET_MADE_OUT)

    id: str
    day: date
    rights: list[TicketRight]
    purpose: str
    made_at: datetime
    actor: str

    @classmethod
    def of(cls, made: TicketMade) -> TicketMadeOut:
        """Show one."""
        return cls(
            id=made.id,
            day=date_of(made.day),
            rights=[each for each in TicketRight if Right[each.name] in Right(made.rights)],
            purpose=made.purpose,
            made_at=made.made_at,
            actor=made.actor,
        )


class VisitOut(BaseModel):
    """What came of one controller's visits to a box on one day."""

    model_config = shown(examples.VISIT_OUT)

    day: date
    collected_by: str = Field(description="The controller that brought the records.")
    first_at: datetime = Field(description="The oldest record it brought, by the box's clock.")
    last_at: datetime
    received_at: datetime
    records: int
    lost: int = Field(description="Records that were overwritten before anybody collected them.")
    clock_offset_ms: int | None

    @classmethod
    def of(cls, visit: Visit) -> VisitOut:
        """Show a visit."""
        return cls(
            day=date_of(visit.day),
            collected_by=visit.collected_by,
            first_at=visit.first_at,
            last_at=visit.last_at,
            received_at=visit.received_at,
            records=visit.records,
            lost=visit.lost,
            clock_offset_ms=visit.clock_offset_ms,
        )


class RetireIn(BodyIn):
    """Why all codes of a box are to die."""

    model_config = shown(examples.RETIRE_IN)

    reason: Reason


class ConcernedOut(RowOut):
    """A booking that gets a new code; `was_revealed`: somebody has to be told."""

    model_config = shown(examples.CONCERNED_OUT)

    booking_id: str
    reservation_key: str
    holder_id: str
    opens_from: datetime
    opens_until: datetime
    was_revealed: bool

    @classmethod
    def of(cls, found: Concerned) -> ConcernedOut:
        """Show one."""
        return cls(
            booking_id=found.booking_id,
            reservation_key=found.reservation_key,
            holder_id=found.holder_id,
            opens_from=found.opens[0],
            opens_until=found.opens[1],
            was_revealed=found.was_revealed,
        )


class DoorBackupIn(BodyIn):
    """Sealed codes for a networked door while its controller has no hub."""

    model_config = shown(examples.DOOR_BACKUP_IN)

    profile: ProfileName = DEFAULT_PROFILE
    grace_s: Annotated[
        int, Field(ge=0, le=604_800, description="Taken so long after the hub is back.")
    ] = 86_400


class DoorBackupOut(RowOut):
    """The sealed codes of a networked door. Its secret is drawn by the hub and never given."""

    model_config = shown(examples.DOOR_BACKUP_OUT)

    door_id: str
    profile: str
    guess_risk: float
    grace_s: int
    controller_id: str
    version: int
    changed_at: datetime

    @classmethod
    def of(cls, kept: DoorBackup) -> DoorBackupOut:
        """Show it."""
        return cls(
            door_id=kept.door_id,
            profile=kept.profile,
            guess_risk=float(PROFILES[kept.profile].bound),
            grace_s=kept.grace_s,
            controller_id=kept.controller_id,
            version=kept.version,
            changed_at=kept.changed_at,
        )
