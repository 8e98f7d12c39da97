"""What people do with key boxes: enter, provision, draw secrets, make tickets, retire codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, Final

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.bookings.service import named_refusals
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes import log_repository as log_rows
from hub.keyboxes import repository
from hub.keyboxes.codes import OfflineCodes
from hub.keyboxes.domain import BoxState, KeyBox, OfflineCode
from hub.keyboxes.kinds import KEY_BOX
from hub.keyboxes.log_repository import LogPosition, TicketMade, Visit
from hub.keyboxes.secrets import BoxSecrets
from hub.sites.domain import SiteState
from hub.web.problems import INVALID, NOT_FOUND, FieldProblem, Problem, ProblemKind, invalid
from hub.web.rights import Principal
from wire.keybox_keys import MaintenanceSecret, Right, day_number
from wire.keybox_ticket import KeyboxTicket, make_ticket

ALREADY_PROVISIONED: Final = ProblemKind("already_provisioned", HTTPStatus.CONFLICT)
VISIT_FIRST: Final = ProblemKind("key_box_visit_first", HTTPStatus.CONFLICT)
TICKET_DAYS_AHEAD: Final = 14
VISITS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Provisioning:
    """What the bench writes into a blank box, once."""

    key_box_id: str
    maintenance: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Concerned:
    """A booking whose holder has to be told of a new code. Keys and windows, no names."""

    booking_id: str
    reservation_key: str
    holder_id: str
    opens: tuple[datetime, datetime]
    was_revealed: bool


@dataclass(frozen=True, slots=True)
class BoxSheet:
    """A box with what it told, and what the hub keeps of it; `position` is not looked up for
    lists."""

    box: KeyBox
    state: BoxState
    living: int
    pending_version: int | None
    position: LogPosition | None


class KeyBoxes:
    """The service of key boxes."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        rows: AuditedRows,
        secrets: BoxSecrets,
        codes: OfflineCodes,
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._rows = rows
        self._secrets = secrets
        self._codes = codes

    # --- boxes -------------------------------------------------------------------------------

    def add(self, who: Principal, values: Mapping[str, Any]) -> KeyBox:
        """Enter a box; its id and its secrets are made here."""
        blank = {
            "state": SiteState.ACTIVE,
            "generation": 0,
            "device_version": 0,
            "code_version": 1,
        }

        def work(scope: Scope) -> KeyBox:
            made = self._rows.add_in(scope, who, KEY_BOX, {**values, **blank})
            self._secrets.draw_first(scope, made.id, self._clock.now())
            return made

        return self._db.write(work)

    def listed(self, who: Principal) -> list[BoxSheet]:
        """Give the boxes in use that somebody may see, with what they told."""
        with self._db.read() as scope:
            return self._sheets(scope, repository.active_boxes(scope, who.sites), with_log=False)

    def sheet(self, who: Principal, box_id: str) -> BoxSheet:
        """Give one box with what it told."""
        with self._db.read() as scope:
            return self._sheets(scope, (self._found(scope, who, box_id),))[0]

    def living(self, who: Principal, box_id: str) -> tuple[Concerned, ...]:
        """Give the bookings that have a code of a box, by their window."""
        with self._db.read() as scope:
            self._found(scope, who, box_id)
            found = code_rows.living_codes(scope, box_id, self._clock.now())
            return self._concerned(scope, found)

    def visits(self, who: Principal, box_id: str) -> tuple[Visit, ...]:
        """Give a box's visits, newest first."""
        with self._db.read() as scope:
            self._found(scope, who, box_id)
            return log_rows.visits(scope, box_id, VISITS_MAX)

    def tickets(self, who: Principal, box_id: str) -> tuple[TicketMade, ...]:
        """Give the tickets that were made for a box, newest first, never what is in them."""
        with self._db.read() as scope:
            self._found(scope, who, box_id)
            return log_rows.tickets(scope, box_id, VISITS_MAX)

    # --- secrets -----------------------------------------------------------------------------

    def provision(self, who: Principal, box_id: str, *, renew: bool = False) -> Provisioning:
        """Give the maintenance secret for the bench, once; `renew` draws another where a bench
        lost it, as long as the box never told that it has secrets of its own."""

        def work(scope: Scope) -> Provisioning:
            box = self._held(scope, who, box_id)
            kept = repository.secret(scope, box_id, 0)
            given = kept is None or kept.given_at is not None
            if box.device_version > 0 or (given and not renew):
                raise Problem(ALREADY_PROVISIONED, "its bench secret was given before")
            now = self._clock.now()
            if given:
                self._secrets.draw_bench(scope, box_id, now)
            repository.mark_secret(scope, box_id, 0, given_at=now)
            told = {"renewed": given}
            record(scope, now, who, "key_box.provisioned", ("key_box", box_id), told)
            found = self._secrets.maintenance(scope, box_id, 0)
            assert found is not None  # noqa: S101  # read or drawn in this transaction
            return Provisioning(box_id, found.secret)

        return self._db.write(work)

    def draw_secrets(self, who: Principal, box_id: str) -> BoxSheet:
        """Draw new secrets: the next ticket with the right `secret` carries them. Codes go on
        under the old ones until the box's log says that it took the new."""

        def work(scope: Scope) -> BoxSheet:
            box = self._held(scope, who, box_id)
            now = self._clock.now()
            version = self._secrets.draw_next(scope, box, now)
            if box.device_version == 0:
                repository.change_box(scope, box_id, code_version=version, updated_at=now)
                box = replace(box, code_version=version)
                self._codes.make_anew(scope, box)
            told = {"version": version}
            record(scope, now, who, "key_box.secrets_drawn", ("key_box", box_id), told)
            return self._sheets(scope, (box,))[0]

        return self._db.write(work)

    # --- tickets -----------------------------------------------------------------------------

    def ticket(
        self,
        who: Principal,
        box_id: str,
        day: date,
        rights: Right,
        purpose: str,
        version: int | None = None,
    ) -> KeyboxTicket:
        """Make the ticket for one box and one day. `version` says which secret the box is thought
        to have, where it took new ones and its log is not here yet."""

        def work(scope: Scope) -> KeyboxTicket:
            box = self._held(scope, who, box_id)
            now = self._clock.now()
            self._check_day(day, now)
            assumed = box.device_version if version is None else version
            maintenance = self._secrets.maintenance(scope, box_id, assumed)
            kept = repository.secret(scope, box_id, assumed)
            if maintenance is None or kept is None or kept.given_at is None:
                raise invalid("secret_version", "never_given", "the box cannot have that secret")
            number = day_number(day)
            pending = self._pending(scope, box_id, assumed)
            envelope = key_then = None
            if pending is not None and Right.SECRET in rights:
                envelope = self._secrets.envelope(scope, box, maintenance, pending)
                coming = self._secrets.maintenance(scope, box_id, pending)
                key_then = coming.ticket(box_id, number, rights) if coming else None
                repository.mark_secret(scope, box_id, pending, given_at=now)
            made = make_ticket(
                box_id,
                number,
                rights,
                maintenance.ticket(box_id, number, rights),
                _end_of(day),
                self._receipt(scope, box_id, maintenance),
                envelope,
                key_then,
            )
            self._note(scope, who, made, purpose, pending if envelope else None)
            return made

        return self._db.write(work)

    def _receipt(
        self, scope: Scope, box_id: str, maintenance: MaintenanceSecret
    ) -> tuple[int, int, bytes] | None:
        position = log_rows.log_position(scope, box_id)
        if position is None:
            return None
        key = maintenance.receipt_key(box_id)
        mac = key.clear_receipt(position.log_epoch, position.through)
        return position.log_epoch, position.through, mac

    def _note(
        self, scope: Scope, who: Principal, made: KeyboxTicket, purpose: str, version: int | None
    ) -> None:
        now, box_id = self._clock.now(), made.device
        row = TicketMade(self._ids.new(), box_id, made.day, made.rights, purpose, now, who.actor)
        log_rows.add_ticket(scope, row)
        told = {
            "day": made.day,
            "rights": [str(each.name).lower() for each in Right if each in made.right],
            "purpose": purpose,
            "carries_version": version,
            "receipt_through": made.receipt.through if made.receipt else None,
        }
        record(scope, now, who, "key_box.ticket_made", ("key_box", box_id), told)

    def _check_day(self, day: date, now: datetime) -> None:
        first = _end_of(day) - timedelta(days=1)
        if _end_of(day) <= now or first > now + timedelta(days=TICKET_DAYS_AHEAD):
            text = f"today in Japan, or one of the next {TICKET_DAYS_AHEAD} days"
            raise Problem(INVALID, text, (FieldProblem("body.day", "out_of_range", text),))

    # --- codes -------------------------------------------------------------------------------

    def retire(
        self, who: Principal, box_id: str, reason: str, *, dry_run: bool = False
    ) -> tuple[Concerned, ...]:
        """Raise the generation: every living booking gets a new code, and the first of them used
        at the box kills all before it. `dry_run` only names the bookings."""

        def work(scope: Scope) -> tuple[Concerned, ...]:
            box = self._held(scope, who, box_id)
            now = self._clock.now()
            living = code_rows.living_codes(scope, box_id, now)
            generation = (box.generation + 1) % box.its_profile.generations
            self._check_ahead(scope, box, generation)
            self._check_around(scope, box, generation, now)
            if dry_run:
                return self._concerned(scope, living)
            repository.change_box(scope, box_id, generation=generation, updated_at=now)
            self._codes.make_anew(scope, replace(box, generation=generation))
            told = {"reason": reason, "generation": generation, "codes": len(living)}
            record(scope, now, who, "key_box.codes_retired", ("key_box", box_id), told)
            return self._concerned(scope, living)

        with named_refusals():
            return self._db.write(work)

    def _check_ahead(self, scope: Scope, box: KeyBox, generation: int) -> None:
        """A box knows so many generations ahead of the newest it has seen; what lies beyond would
        be taken for retired. It begins anew with the generation that new secrets were drawn at:
        those that wait for it must still know this one when they come."""
        seen = log_rows.box_states(scope, [box.id])[box.id].seen_generation
        known = [self._drawn_at(scope, box.id, box.code_version) if seen is None else seen]
        waiting = self._pending(scope, box.id, box.code_version)
        if waiting is not None:
            known.append(self._drawn_at(scope, box.id, waiting))
        profile = box.its_profile
        if any((generation - one) % profile.generations >= profile.ahead for one in known):
            raise Problem(
                VISIT_FIRST,
                "the box would not know a further generation: draw new secrets and visit it",
            )

    def _drawn_at(self, scope: Scope, box_id: str, version: int) -> int:
        kept = repository.secret(scope, box_id, version)
        return kept.generation if kept is not None else 0

    def _check_around(self, scope: Scope, box: KeyBox, generation: int, now: datetime) -> None:
        """Generations go round in a circle: a code that was told long ago and killed must not come
        to lie ahead of the new one, or it would open again."""
        profile = box.its_profile
        for code in code_rows.shown_unended(scope, box.id, box.code_version, now):
            if 0 < (code.code.generation - generation) % profile.generations < profile.ahead:
                raise Problem(
                    VISIT_FIRST,
                    "a code that was killed before would open again: draw new secrets and visit "
                    "the box",
                )

    def _concerned(self, scope: Scope, codes: list[OfflineCode]) -> tuple[Concerned, ...]:
        bookings = {
            booking_id: booking_rows.by_id(scope, booking_id)
            for booking_id in dict.fromkeys(each.booking_id for each in codes)
        }
        return tuple(
            Concerned(
                booking_id=each.booking_id,
                reservation_key=booking.reservation_key if booking else "",
                holder_id=each.holder_id,
                opens=each.effective,
                was_revealed=each.revealed_at is not None,
            )
            for each in codes
            for booking in (bookings[each.booking_id],)
        )

    # --- inside ------------------------------------------------------------------------------

    def _found(self, scope: Scope, who: Principal, box_id: str) -> KeyBox:
        found = repository.key_box(scope, box_id)
        if found is None or not who.reaches(found.site_id):
            raise Problem(NOT_FOUND, "no such key box")
        return found

    def _held(self, scope: Scope, who: Principal, box_id: str) -> KeyBox:
        """Give a box in use, held until the transaction ends."""
        code_rows.hold(scope, box_id)
        found = self._found(scope, who, box_id)
        if found.state is not SiteState.ACTIVE:
            raise Problem(NOT_FOUND, "the key box was removed")
        return found

    def _pending(self, scope: Scope, box_id: str, assumed: int) -> int | None:
        newest = repository.newest_version(scope, box_id)
        return newest if newest > assumed else None

    def _sheets(
        self, scope: Scope, boxes: tuple[KeyBox, ...], *, with_log: bool = True
    ) -> list[BoxSheet]:
        ids = [box.id for box in boxes]
        states = log_rows.box_states(scope, ids)
        living = code_rows.count_living(scope, ids, self._clock.now())
        return [
            BoxSheet(
                box,
                states[box.id],
                living.get(box.id, 0),
                self._pending(scope, box.id, box.device_version),
                log_rows.log_position(scope, box.id) if with_log else None,
            )
            for box in boxes
        ]


def _end_of(day: date) -> datetime:
    """When a day ends in Japan, which has no daylight saving."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(hours=9)
