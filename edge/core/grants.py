"""Whether one of somebody's grants opens a door now, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final

from edge.core.circumstances import Circumstances
from edge.core.place import Access
from edge.core.policy_index import count_name
from edge.core.windows import floor_in_window, judge_window, judge_without_clock
from wire.policy_bodies import (
    DoorBody,
    EntryState,
    FirstPerson,
    GrantBody,
    OnUntrustedClock,
    PersonFlagsBody,
    PinBody,
)
from wire.reasons import Outcome, Reason


class Shown(Enum):
    """Which factors were shown."""

    PIN = auto()
    CARD = auto()
    BOTH = auto()


VALID: Final = {
    Shown.PIN: Reason.PIN_VALID,
    Shown.CARD: Reason.CARD_VALID,
    Shown.BOTH: Reason.CARD_AND_PIN_VALID,
}

# Of several denials the one is told that came nearest to an opening.
_NEARNESS: Final = {
    reason: rank
    for rank, reason in enumerate(
        (
            Reason.NO_GRANT,
            Reason.CREDENTIAL_REVOKED,
            Reason.CREDENTIAL_BLOCKED,
            Reason.PERSON_BLOCKED,
            Reason.BELOW_FLOOR,
            Reason.EXPIRED,
            Reason.NOT_YET_VALID,
            Reason.CLOCK_UNTRUSTED,
            Reason.OUTSIDE_SCHEDULE,
            Reason.USED_UP,
            Reason.ESCORT_MISSING,
            Reason.SECOND_FACTOR_MISSING,
        )
    )
}

STATE_REASONS: Final = {
    EntryState.BLOCKED: Reason.CREDENTIAL_BLOCKED,
    EntryState.REVOKED: Reason.CREDENTIAL_REVOKED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the grants come to: a reason, and the grant it is about."""

    reason: Reason
    grant_id: str | None = None
    grant: GrantBody | None = None

    @property
    def opens(self) -> bool:
        """Whether this verdict opens."""
        return self.reason.outcome is Outcome.GRANT

    @property
    def nearness(self) -> int:
        """How near it came to an opening; compare denials by it."""
        return len(_NEARNESS) if self.opens else _NEARNESS[self.reason]

    @property
    def begins(self) -> datetime | None:
        """When the window begins that it was too early for; None where that was not the matter."""
        if self.reason is not Reason.NOT_YET_VALID or self.grant is None:
            return None
        return self.grant.start


def judge_grants(
    access: Access, subjects: Iterable[str], shown: Shown, about: Circumstances
) -> Verdict:
    """Give the verdict over all grants that join any of the subjects to the door. Of several that
    open, one that makes its holder a first person counts where the door waits for one."""
    best = Verdict(Reason.NO_GRANT)
    wants_first = access.door.first_person is not FirstPerson.NONE
    for subject in subjects:
        for grant_id, grant in about.index.grants(access.door_id, subject, access.side).items():
            verdict = Verdict(_judge(grant_id, grant, access, shown, about), grant_id, grant)
            if verdict.opens and (grant.first_person or not wants_first):
                return verdict
            if _is_nearer(verdict, best):
                best = verdict
    return best


def _is_nearer(verdict: Verdict, best: Verdict) -> bool:
    """Whether a denial came nearer to an opening; of windows to come the first is the nearest."""
    if verdict.begins is not None and best.begins is not None:
        return verdict.begins < best.begins
    return verdict.nearness > best.nearness


def subjects_of(credential: str, person: str | None, flags: PersonFlagsBody | None) -> list[str]:
    """Name whom a grant may be given to so that it counts for this credential."""
    subjects = [credential]
    if person is not None:
        subjects.append(person)
    if flags is not None:
        subjects.extend(flags.groups)
    return subjects


def subjects_of_pin(pin: PinBody, flags: PersonFlagsBody | None) -> list[str]:
    """As `subjects_of`, for a PIN. A booking's lives in the booking's window alone, whatever else
    its holder may do."""
    if pin.booking is not None:
        return [pin.credential]
    return subjects_of(pin.credential, pin.person, flags)


def _judge(
    grant_id: str, grant: GrantBody, access: Access, shown: Shown, about: Circumstances
) -> Reason:
    refused = STATE_REASONS.get(grant.state)
    if refused is not None:
        return refused
    in_time = _judge_time(grant, access.door, shown, about)
    if in_time is not None and in_time is not Reason.FLOOR_IN_WINDOW:
        return in_time
    if (
        grant.max_uses is not None
        and about.uses.get(count_name(grant_id, grant), 0) >= grant.max_uses
    ):
        return Reason.USED_UP
    if grant.escorts and not about.escorted(access.door_id, access.side, grant):
        return Reason.ESCORT_MISSING
    if grant.needs_pin and shown is not Shown.BOTH:
        return Reason.SECOND_FACTOR_MISSING
    return in_time or VALID[shown]


def _judge_time(
    grant: GrantBody, door: DoorBody, shown: Shown, about: Circumstances
) -> Reason | None:
    now = about.now
    if not now.relied_on:
        if shown is Shown.CARD:
            return judge_without_clock(grant, now)
        return _judge_pin_without_clock(grant, door, about)
    outside = judge_window(grant.start, grant.end, now)
    if outside is not None or grant.schedule is None:
        return outside
    schedule = about.index.schedule(grant.schedule)
    if schedule is None or not schedule.holds(now.at, about.index.holidays):
        return Reason.OUTSIDE_SCHEDULE
    return None


def _judge_pin_without_clock(grant: GrantBody, door: DoorBody, about: Circumstances) -> Reason:
    if grant.end is not None and grant.end <= about.now.floor:
        return Reason.BELOW_FLOOR
    allowed = door.on_untrusted_clock is OnUntrustedClock.FLOOR_IN_WINDOW
    if allowed and grant.schedule is None and floor_in_window(grant, about.now):
        return Reason.FLOOR_IN_WINDOW
    return Reason.CLOCK_UNTRUSTED
