"""Imports of staff: try a file, see all that it would do, then do all of it or nothing.

A complete file proposes leavers and ends nobody by itself: whoever confirms says who has left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Final

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people.kinds import PERSON
from hub.people.tables import people
from hub.staff import cards, import_repository, repository
from hub.staff.careers import Career, career_of, retired
from hub.staff.department_rows import DEPARTMENT
from hub.staff.import_repository import Profile, StaffImport
from hub.staff.planning import Doing, Known, Plan, ProposedLeaver, made_code, plan
from hub.staff.profile import Shape, wrong_with
from hub.staff.rows import Sheet, read_sheet
from hub.staff.service import StaffService, check_writer, named_refusals
from hub.staff.tables import StaffImportState
from hub.tabular.cells import first_rows
from hub.tabular.encodings import UnreadableFileError, decode
from hub.tabular.staged import StagedFiles, Upload, same_plan, unreadable
from hub.web.core import Core
from hub.web.paging import Page
from hub.web.problems import (
    CONFLICT,
    NOT_FOUND,
    FieldProblem,
    Problem,
    ProblemKind,
    invalid,
    invalid_fields,
)
from hub.web.rights import Principal
from wire.policy_bodies import EntryState

UNREADABLE: Final = ProblemKind("staff_file_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY)
CHANGED: Final = ProblemKind("staff_changed", HTTPStatus.CONFLICT)
SHRINKS: Final = ProblemKind("staff_shrinks", HTTPStatus.CONFLICT)
_DAY: Final = timedelta(days=1)
NEW_PERSON: Final[dict[str, Any]] = {
    "organisation": "",
    "state": EntryState.ACTIVE,
    "anti_passback_exempt": False,
    "long_unlock": False,
    "starts_at": None,
    "ends_at": None,
    "forgiven": 0,
    "forgiven_at": None,
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A file that was tried: as what it was read, and all that it would do, or did."""

    kept: StaffImport
    encoding: str
    sheet: Sheet
    plan: Plan


class StaffImports:
    """Profiles and imports of files of staff."""

    def __init__(self, core: Core, rows: AuditedRows, staff: StaffService) -> None:
        self._core = core
        self._rows = rows
        self._staff = staff
        self._settings = core.settings.staff
        self._staged = StagedFiles(
            core.keys,
            core.clock,
            "staff",
            max_bytes=self._settings.max_bytes,
            life_minutes=self._settings.staged_minutes,
        )

    @property
    def kinds(self) -> Mapping[str, str]:
        """The titles of the ordinance's kinds of employment, by code."""
        return self._staff.kinds

    # --- profiles --------------------------------------------------------------------------

    def profiles(self) -> tuple[Profile, ...]:
        """Give every profile, by name."""
        with self._core.db.read() as scope:
            return import_repository.profiles(scope)

    def profile(self, profile_id: str) -> Profile:
        """Give one; raise `404 not_found`."""
        with self._core.db.read() as scope:
            return _found(scope, profile_id)

    def put_profile(
        self, who: Principal, profile_id: str | None, name: str, shape: Shape
    ) -> Profile:
        """Make a profile, or change it; raise `422 invalid` naming what cannot be."""
        wrong = wrong_with(shape)
        unknown = sorted(set(shape.kinds.values()) - set(self._staff.kinds))
        if unknown:
            wrong["kinds"] = f"the ordinance knows {', '.join(self._staff.kinds)}"
        if wrong:
            raise invalid_fields(
                FieldProblem(f"body.{field}", "bad_profile", text) for field, text in wrong.items()
            )

        def work(scope: Scope) -> Profile:
            check_writer(who)
            now = self._core.clock.now()
            before = _found(scope, profile_id) if profile_id else None
            made = before.created_at if before else now
            kept = Profile(profile_id or self._core.ids.new(), name, shape, made, now)
            import_repository.write_profile(scope, kept, new=before is None)
            action = "staff_profile.changed" if before else "staff_profile.added"
            record(scope, now, who, action, ("staff_profile", kept.id))
            return kept

        return self._core.db.write(work)

    def drop_profile(self, who: Principal, profile_id: str) -> None:
        """Remove a profile; who came by it stays."""

        def work(scope: Scope) -> None:
            check_writer(who)
            _found(scope, profile_id)
            import_repository.drop_profile(scope, profile_id)
            self._staged.forget(scope, profile_id)
            now, target = self._core.clock.now(), ("staff_profile", profile_id)
            record(scope, now, who, "staff_profile.removed", target)

        self._core.db.write(work)

    def preview(self, data: bytes, shape: Shape, rows: int = 6) -> tuple[str, list[list[str]]]:
        """Give as what a file is read, and its first rows; raise `422 staff_file_unreadable`."""
        try:
            decoded = decode(self._staged.take(None, data).data, shape.encoding)
            return decoded.encoding.value, first_rows(decoded.text, shape.delimiter, rows)
        except UnreadableFileError as error:
            raise unreadable(UNREADABLE, error) from error

    # --- files -----------------------------------------------------------------------------

    def try_file(
        self, who: Principal, profile_id: str, name: str | None, data: bytes, effective_on: date
    ) -> Tried:
        """Say all that a file would do from a date on, and keep it for whoever confirms.

        Raises `413 too_large`, and `422 staff_file_unreadable` with row and column for a file of
        which nothing can be read.
        """
        check_writer(who)
        upload = self._staged.take(name, data, "staff.csv")
        now = self._core.clock.now()
        made = StaffImport(
            id=self._core.ids.new(),
            profile_id=profile_id,
            file_name=upload.name,
            sha256=upload.sha256,
            effective_on=effective_on,
            state=StaffImportState.TRIED,
            actor=who.actor,
            tried_at=now,
            done_at=None,
            expires_at=now + timedelta(minutes=self._settings.staged_minutes),
            rows=0,
            counts={},
        )
        with self._core.db.read() as scope:
            shape = _found(scope, profile_id).shape
            found = self._tried(scope, shape, made, upload)
        wrong = bool(found.plan.wrong)
        kept = replace(
            made,
            state=StaffImportState.FAILED if wrong else StaffImportState.TRIED,
            rows=found.sheet.rows,
            counts=found.plan.counts,
        )

        def work(scope: Scope) -> None:
            import_repository.write_import(scope, kept)
            if not wrong:
                self._staged.keep(scope, profile_id, kept.id, upload, found.plan.digest)

        self._core.db.write(work)
        return replace(found, kept=kept)

    def confirm(
        self,
        who: Principal,
        import_id: str,
        leavers: Collection[str] = (),
        *,
        accept_shrink: bool = False,
    ) -> Tried:
        """Do all of a file that was tried, and end those of its proposed leavers who are named, the
        day before it begins to hold.

        Raises `404 not_found` once it has expired, `409 conflict` for one that has errors or is
        done, `409 staff_changed` where it would do something else by now than was shown, and
        `409 staff_shrinks` where so many are missing that leavers need `accept_shrink`.
        """
        wanted = set(leavers)

        def work(scope: Scope) -> Tried:
            check_writer(who)
            scope.lock("departments")
            scope.lock(repository.EMPLOYMENTS)
            kept = import_repository.import_of(scope, import_id, lock=True)
            if kept is None:
                raise Problem(NOT_FOUND, "no such import")
            if kept.state is not StaffImportState.TRIED:
                raise Problem(CONFLICT, f"it is {kept.state.value}")
            waiting = self._staged.waiting(scope, kept.profile_id, kept.id)
            shape = _found(scope, kept.profile_id).shape
            found = self._tried(scope, shape, kept, waiting.upload)
            same_plan(waiting.plan_digest, found.plan.digest, CHANGED)
            gone = {each.person_id: each for each in found.plan.leavers}
            if not wanted <= gone.keys():
                raise invalid("leavers", "unknown", "one of them is no proposed leaver")
            if wanted and found.plan.shrinks and not accept_shrink:
                raise Problem(SHRINKS, f"{len(gone)} are missing: say accept_shrink if that is so")
            self._do(scope, who, found)
            for person_id in sorted(wanted):
                self._end(scope, who, person_id, kept.effective_on - _DAY)
            return self._finish(scope, who, found, len(wanted))

        return self._core.db.write(work)

    def imports(self, cursor: str | None, limit: int) -> Page[StaffImport]:
        """Give every file that was tried, newest first."""
        with self._core.db.read() as scope:
            return import_repository.imports(scope, cursor, limit)

    def tried(self, import_id: str) -> Tried | None:
        """Give what a file that waits would do by now; None for one that waits no more. Raise
        `404 not_found`."""
        with self._core.db.read() as scope:
            kept = import_repository.import_of(scope, import_id)
            if kept is None:
                raise Problem(NOT_FOUND, "no such import")
            waiting = self._staged.find(scope, kept.profile_id, kept.id)
            if waiting is None:
                return None
            shape = _found(scope, kept.profile_id).shape
            return self._tried(scope, shape, kept, waiting.upload)

    # --- inside ----------------------------------------------------------------------------

    def _tried(self, scope: Scope, shape: Shape, kept: StaffImport, file: Upload) -> Tried:
        try:
            decoded = decode(file.data, shape.encoding)
            sheet = read_sheet(decoded.text, shape, self._staff.kinds, self._settings.max_rows)
        except UnreadableFileError as error:
            raise unreadable(UNREADABLE, error) from error
        known = self._known(scope, shape, sheet, kept.effective_on)
        percent = self._settings.shrink_percent
        found = plan(sheet, shape, known, kept.effective_on, percent)
        return Tried(kept, decoded.encoding.value, sheet, found)

    def _known(self, scope: Scope, shape: Shape, sheet: Sheet, on: date) -> Known:
        known = repository.people_by_number(scope, {line.number for line in sheet.lines})
        ids = {each.id for each in known.values()}
        identities = {line.card for line in sheet.lines if line.card is not None}
        return Known(
            people=known,
            careers={
                person: career_of(found) for person, found in repository.careers(scope, ids).items()
            },
            contacts=repository.contacts(scope, ids),
            departments=repository.departments(scope),
            cards=cards.owners(scope, self._core, shape.card_namespace, sorted(identities)),
            employed=self._employed(scope, on) if shape.complete else (),
        )

    def _employed(self, scope: Scope, on: date) -> list[ProposedLeaver]:
        """Give who is employed on a date and would be named by a complete file."""
        placed = repository.placed_on(scope, on, people.c.staff_number.is_not(None))
        return [
            ProposedLeaver(
                each.person.id,
                each.person.staff_number or "",
                each.person.name,
                each.employment.department_id,
            )
            for each in sorted(placed, key=lambda one: one.person.staff_number or "")
        ]

    def _do(self, scope: Scope, who: Principal, found: Tried) -> None:
        made = self._make_departments(scope, who, found.plan)
        namespace = _found(scope, found.kept.profile_id).shape.card_namespace
        for doing in found.plan.doings:
            person_id = self._person(scope, who, doing)
            if person_id is None:
                continue
            with named_refusals():
                after = _settled(doing.after, made)
                self._staff.write(scope, who, person_id, "imported", doing.before, after)
            if doing.contact is not None:
                contact = replace(doing.contact, person_id=person_id)
                repository.write_contact(scope, contact)
                now, target = self._core.clock.now(), ("person", person_id)
                record(scope, now, who, "staff_contact.set", target)
            if doing.card is not None:
                card = (namespace, doing.card.identity, doing.card.label)
                cards.take_up(scope, self._core, self._rows, who, card, person_id)

    def _person(self, scope: Scope, who: Principal, doing: Doing) -> str | None:
        """Make or change the person of a row; give their id, None where there is nobody to make."""
        if doing.person_id is None:
            if not doing.person:
                return None
            return self._rows.add_in(scope, who, PERSON, {**NEW_PERSON, **doing.person}).id
        if doing.person:
            self._rows.change_in(scope, who, PERSON, doing.person_id, doing.person)
        return doing.person_id

    def _make_departments(self, scope: Scope, who: Principal, found: Plan) -> Mapping[str, str]:
        """Make the departments that are new, those first to which others belong; give the id of
        every department by code."""
        ids = {each.code: each.id for each in repository.departments(scope)}
        waiting = list(found.departments)
        while waiting:
            ready = [
                each for each in waiting if each.parent_code is None or each.parent_code in ids
            ]
            for each in ready:
                values = {
                    "code": each.code,
                    "name": each.name,
                    "name_kana": "",
                    "name_en": "",
                    "parent_id": ids[each.parent_code] if each.parent_code else None,
                }
                ids[each.code] = self._rows.add_in(scope, who, DEPARTMENT, values).id
            waiting = [each for each in waiting if each not in ready]
        return ids

    def _end(self, scope: Scope, who: Principal, person_id: str, last: date) -> None:
        before = career_of(repository.careers(scope, [person_id]).get(person_id, ()))
        with named_refusals():
            after = retired(before, last)
            self._staff.write(scope, who, person_id, "retired", before, after)

    def _finish(self, scope: Scope, who: Principal, found: Tried, ended: int) -> Tried:
        now = self._core.clock.now()
        counts = found.plan.counts | ({"leavers": ended} if ended else {})
        done = replace(found.kept, state=StaffImportState.DONE, done_at=now, counts=counts)
        import_repository.write_import(scope, done)
        self._staged.forget(scope, done.profile_id, done.id)
        record(scope, now, who, "staff_import.done", ("staff_import", done.id), {"counts": counts})
        return replace(found, kept=done)


def _settled(career: Career, made: Mapping[str, str]) -> Career:
    """The same career, with the ids of departments that were new."""
    settled = []
    for stint in career:
        code = made_code(stint.place.department_id)
        place = replace(stint.place, department_id=made[code]) if code else stint.place
        settled.append(replace(stint, place=place))
    return tuple(settled)


def _found(scope: Scope, profile_id: str) -> Profile:
    found = import_repository.profile(scope, profile_id)
    if found is None:
        raise Problem(NOT_FOUND, "no such profile")
    return found
