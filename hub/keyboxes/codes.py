"""Sealed codes of bookings: made, moved, taken back as far as that goes, shown.

Every call is part of the caller's transaction. A code that nobody has seen is simply made anew; one
that was shown cannot be taken back from afar: it is superseded and listed until it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes import repository
from hub.keyboxes.domain import KeyBox, Lock, LockKind, NoCodeLeftError, OfflineCode, covered
from hub.keyboxes.locks import Locks
from hub.keys import HubKeys
from wire.sealed_codes import SealedCode

Instants: TypeAlias = tuple[datetime, datetime]
"""An effective window `[start, end)`."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code with its digits, for those who may see it."""

    code: OfflineCode
    digits: str = field(repr=False)


class OfflineCodes:
    """What bookings do with sealed codes. Raises `hub.keyboxes.domain.OfflineCodeError` where a
    lock can give none."""

    def __init__(self, clock: Clock, ids: Ids, keys: HubKeys) -> None:
        self._clock = clock
        self._ids = ids
        self.locks: Final = Locks(keys)

    def follow(
        self,
        scope: Scope,
        booking_id: str,
        holder_ids: Sequence[str],
        box_ids: Sequence[str],
        door_ids: Sequence[str],
        window: Instants,
        once: Collection[str] = (),
    ) -> None:
        """Make these the holders, boxes and window of a booking's codes, and leave alone what is
        right already. Holders in `once` get codes that open a box a single time. Codes of networked
        doors are only taken back: they are made when asked for.
        """
        for code in self._of(scope, booking_id, LockKind.DOOR):
            right = code.lock_id in door_ids and code.holder_id in holder_ids
            if code.stands and not (right and code.wanted == window):
                self._take_back(scope, code)
        present = self._of(scope, booking_id)
        if not present and not box_ids:
            return
        wanted = {(holder, box) for holder in holder_ids for box in box_ids}
        standing = {(each.holder_id, each.lock_id): each for each in present if each.stands}
        boxes = self._locked(scope, {*box_ids, *(each.lock_id for each in standing.values())})
        for key, code in standing.items():
            if key not in wanted:
                self._take_back(scope, code)
        for holder_id, box_id in sorted(wanted):
            before = standing.get((holder_id, box_id))
            lock = self.locks.of_box(scope, boxes[box_id])
            self._bring(scope, lock, booking_id, holder_id, window, before, once=holder_id in once)

    def withdraw(self, scope: Scope, booking_id: str) -> None:
        """Take back every code of a booking, as far as that goes."""
        now = self._clock.now()
        self.follow(scope, booking_id, (), (), (), (now, now))

    def reissue(self, scope: Scope, booking_id: str, holder_id: str | None) -> bool:
        """Give the holders of a booking, or one, other codes; tell whether there were any."""
        chosen = [
            each
            for each in self._of(scope, booking_id)
            if each.stands and holder_id in (None, each.holder_id)
        ]
        boxes = self._locked(scope, {each.lock_id for each in chosen})
        for code in chosen:
            lock = self.locks.of_box(scope, boxes[code.lock_id])
            self._renew(scope, lock, code, code.wanted, once=code.is_once)
        return bool(chosen)

    def make_anew(self, scope: Scope, box: KeyBox) -> None:
        """Make every living code of a box anew at its present generation and secret. The caller
        holds the box."""
        lock = self.locks.of_box(scope, box)
        for code in code_rows.living_codes(scope, box.id, self._clock.now()):
            if code.code.generation != lock.generation:
                self._renew(scope, lock, code, code.wanted, once=code.is_once)
        code_rows.rekey_living(scope, box.id, lock.version, self._clock.now())

    def reveal(self, scope: Scope, booking_id: str) -> list[ShownCode]:
        """Give the codes that stand, with their digits, and note that they were seen. The caller
        has checked the right and writes the audit."""
        found = self._held(scope, booking_id)
        boxes = repository.boxes_by_id(scope, {each.lock_id for each in found})
        locks = {box_id: self.locks.of_box(scope, box) for box_id, box in boxes.items()}
        now = self._clock.now()
        for code in found:
            if code.revealed_at is None:
                code_rows.replace_code(scope, replace(code, revealed_at=now))
        return [ShownCode(each, locks[each.lock_id].digits_of(each.code)) for each in found]

    def told(self, scope: Scope, booking_id: str) -> None:
        """The holder has seen the codes as they are now: `pin_changed` is settled."""
        for code in self._held(scope, booking_id):
            if code.pin_changed:
                code_rows.replace_code(scope, replace(code, pin_changed=False))

    def _held(self, scope: Scope, booking_id: str) -> list[OfflineCode]:
        """The codes that stand; where one was never seen, or has to be told, held until the
        transaction ends, so that none is made anew between looking and showing."""
        found = [each for each in self._of(scope, booking_id) if each.stands]
        if any(each.revealed_at is None or each.pin_changed for each in found):
            for lock_id in sorted({each.lock_id for each in found}):
                code_rows.hold(scope, lock_id)
            found = [each for each in self._of(scope, booking_id) if each.stands]
        return found

    def of_door(
        self, scope: Scope, lock: Lock, booking_id: str, holder_ids: Iterable[str], window: Instants
    ) -> list[ShownCode]:
        """Give each holder's sealed code of a networked door, made at the first call."""
        code_rows.hold(scope, lock.id)
        standing = {
            each.holder_id: each
            for each in self._of(scope, booking_id, LockKind.DOOR)
            if each.stands and each.lock_id == lock.id
        }
        now = self._clock.now()
        shown = []
        for holder_id in holder_ids:
            before = standing.get(holder_id)
            code = self._bring(scope, lock, booking_id, holder_id, window, before)
            if code.revealed_at is None or code.version != lock.version:
                code = replace(code, revealed_at=now, version=lock.version)
                code_rows.replace_code(scope, code)
            shown.append(ShownCode(code, lock.digits_of(code.code)))
        return shown

    # --- inside ------------------------------------------------------------------------------

    def _of(
        self, scope: Scope, booking_id: str, kind: LockKind = LockKind.KEY_BOX
    ) -> list[OfflineCode]:
        found = code_rows.codes_of_bookings(scope, [booking_id])[booking_id]
        return [each for each in found if each.lock_kind is kind]

    def _locked(self, scope: Scope, box_ids: Collection[str]) -> dict[str, KeyBox]:
        """Hold boxes until the transaction ends, and read them as they are then."""
        for box_id in sorted(box_ids):
            code_rows.hold(scope, box_id)
        return repository.boxes_by_id(scope, box_ids)

    def _bring(
        self,
        scope: Scope,
        lock: Lock,
        booking_id: str,
        holder_id: str,
        window: Instants,
        before: OfflineCode | None,
        *,
        once: bool = False,
    ) -> OfflineCode:
        """Give a holder the code of a window: the one they have where it is right already."""
        shape, slot = covered(lock, window, once=once)
        if before is None:
            return self._add(scope, lock, booking_id, holder_id, window, once=once)
        if (before.code.shape, before.code.slot) != (shape, slot):
            if before.revealed_at is not None and (
                former := self._former(scope, lock, before, window, once=once)
            ):
                return former
            return self._renew(scope, lock, before, window, once=once)
        if before.wanted != window:
            before = replace(before, wanted=window)
            code_rows.replace_code(scope, before)
        return before

    def _former(
        self, scope: Scope, lock: Lock, code: OfflineCode, window: Instants, *, once: bool
    ) -> OfflineCode | None:
        """Give a holder back the code that they had for a window before, where it is still good:
        a booking that is moved to and fro uses up no codes."""
        place = covered(lock, window, once=once)
        for each in reversed(self._of(scope, code.booking_id, lock.kind)):
            had = (each.lock_id, each.holder_id) == (lock.id, code.holder_id)
            good = (each.code.generation, each.version) == (lock.generation, lock.version)
            same = (each.code.shape, each.code.slot) == place
            if had and good and same and each.superseded_at is not None:
                now = self._clock.now()
                code_rows.replace_code(scope, replace(code, superseded_at=now))
                back = replace(each, superseded_at=None, wanted=window, pin_changed=True)
                code_rows.replace_code(scope, back)
                self._tell(scope, back)
                return back
        return None

    def _renew(
        self, scope: Scope, lock: Lock, code: OfflineCode, window: Instants, *, once: bool
    ) -> OfflineCode:
        """Give another code in place of one. One that nobody has seen leaves no trace."""
        if code.revealed_at is None:
            made = self._fitted(scope, lock, code, window, once=once)
            code_rows.replace_code(scope, made)
            return made
        now = self._clock.now()
        code_rows.replace_code(scope, replace(code, superseded_at=now))
        self._tell(scope, code)
        return self._add(
            scope, lock, code.booking_id, code.holder_id, window, once=once, pin_changed=True
        )

    def _tell(self, scope: Scope, code: OfflineCode) -> None:
        """A code that was shown is another now: its holder is told, as of a PIN."""
        subject = Subject(booking_id=code.booking_id, other_id=code.lock_id)
        tell(scope, self._clock.now(), HappeningKind.PIN_CHANGED, subject, "another code")

    def _add(
        self,
        scope: Scope,
        lock: Lock,
        booking_id: str,
        holder_id: str,
        window: Instants,
        *,
        once: bool,
        pin_changed: bool = False,
    ) -> OfflineCode:
        blank = OfflineCode(
            id=self._ids.new(),
            lock_kind=lock.kind,
            lock_id=lock.id,
            booking_id=booking_id,
            holder_id=holder_id,
            profile=lock.profile.name,
            version=lock.version,
            code=SealedCode(0, 0, 0, 0),
            wanted=window,
            effective=window,
            pin_changed=pin_changed,
            made_at=self._clock.now(),
        )
        made = self._fitted(scope, lock, blank, window, once=once)
        code_rows.add_code(scope, made)
        return made

    def _fitted(
        self, scope: Scope, lock: Lock, code: OfflineCode, window: Instants, *, once: bool
    ) -> OfflineCode:
        """Give the code a window, the lock's generation and secret, and a variant that is free."""
        shape, slot = covered(lock, window, once=once)
        taken = code_rows.taken_variants(scope, lock.id, shape, slot, lock.generation)
        free = next((each for each in range(lock.profile.variants) if each not in taken), None)
        if free is None:
            raise NoCodeLeftError(lock.id, "every code of that window is somebody's already")
        sealed = SealedCode(shape, slot, lock.generation, free)
        return replace(
            code,
            profile=lock.profile.name,
            version=lock.version,
            code=sealed,
            wanted=window,
            effective=sealed.window(lock.profile),
        )

    def _take_back(self, scope: Scope, code: OfflineCode) -> None:
        if code.revealed_at is None:
            code_rows.delete_code(scope, code.id)
        else:
            now = self._clock.now()
            code_rows.replace_code(scope, replace(code, withdrawn_at=now))
