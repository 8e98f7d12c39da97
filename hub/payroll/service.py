"""Profiles, previews and files of attendance, and the record of what was handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import msgspec

from hub.audit.service import record
from hub.catalogue import Translator
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.payroll import repository
from hub.payroll.domain import MonthRow
from hub.payroll.fields import FIELDS
from hub.payroll.file_names import file_name
from hub.payroll.profile import Profile, wrong_with
from hub.payroll.profile_files import shipped
from hub.payroll.punch_formats import PunchFormat, daily_records, punches_as
from hub.payroll.repository import Handover, KeptProfile
from hub.payroll.source import Asked, MonthSource
from hub.payroll.workbook import workbook
from hub.payroll.writing import Table, Unwritable, UnwritableError, table_of, write_file
from hub.web.core import Core
from hub.web.paging import Page
from hub.web.problems import NOT_FOUND, FieldProblem, Problem, ProblemKind, invalid_fields
from hub.web.rights import Principal

UNWRITABLE: Final = ProblemKind("payroll_unwritable", HTTPStatus.UNPROCESSABLE_ENTITY)
"""Some cells cannot be written as the profile wants; `errors` names row and column of each."""
MONTH_OPEN: Final = ProblemKind("payroll_month_open", HTTPStatus.CONFLICT)
"""Somebody's month is not closed yet: ask for a draft."""
PREVIEW_ROWS: Final = 20
_SHEET: Final = "workbook"


@dataclass(frozen=True, slots=True)
class File:
    """What is handed out. `draft`: some month in it was open; `ascii_name`: for systems that
    know no other characters."""

    name: str
    data: bytes
    media_type: str
    draft: bool
    ascii_name: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a file, what stops it, and how many months in it are open."""

    rows: tuple[tuple[str, ...], ...]
    wrong: tuple[Unwritable, ...]
    more: int
    people: int
    open_people: int


class PayrollService:
    """What goes out of attendance. Months are read by the source, which checks rights as well."""

    def __init__(self, core: Core, source: MonthSource) -> None:
        self._core = core
        self._source = source

    # --- profiles ------------------------------------------------------------------------------

    def profiles(self) -> tuple[KeptProfile, ...]:
        """Give the town's own profiles."""
        with self._core.db.read() as scope:
            return repository.profiles(scope)

    def profile(self, profile_id: str) -> KeptProfile:
        """Give one; raise `404 not_found`."""
        with self._core.db.read() as scope:
            return _found(repository.profile(scope, profile_id))

    def make_profile(self, who: Principal, name: str, profile: Profile) -> KeptProfile:
        """Keep a new one; raise `422 invalid` naming what cannot be, `409` for a name taken."""
        _check(profile)
        now = self._core.clock.now()
        kept = KeptProfile(self._core.ids.new(), name, profile, now, now)

        def work(scope: Scope) -> KeptProfile:
            repository.write_profile(scope, kept, new=True)
            _record(scope, self._core, who, "made", kept)
            return kept

        return self._core.db.write(work)

    def change_profile(
        self, who: Principal, profile_id: str, name: str, profile: Profile
    ) -> KeptProfile:
        """Change one as a whole."""
        _check(profile)

        def work(scope: Scope) -> KeptProfile:
            before = _found(repository.profile(scope, profile_id, to_change=True))
            now = self._core.clock.now()
            kept = replace(before, name=name, profile=profile, changed_at=now)
            repository.write_profile(scope, kept)
            _record(scope, self._core, who, "changed", kept)
            return kept

        return self._core.db.write(work)

    def drop_profile(self, who: Principal, profile_id: str) -> None:
        """Remove one; what was handed out stays on record."""

        def work(scope: Scope) -> None:
            kept = _found(repository.profile(scope, profile_id, to_change=True))
            repository.delete_profile(scope, profile_id)
            _record(scope, self._core, who, "removed", kept)

        self._core.db.write(work)

    # --- files ---------------------------------------------------------------------------------

    def preview(self, who: Principal, profile: Profile, asked: Asked) -> Preview:
        """Give the first rows of a file as it would be now; raise `422 invalid` for a profile that
        cannot be used. What cannot be written is told, not raised."""
        _check(profile)
        months = self._source.months(who, asked)
        wrong: tuple[Unwritable, ...] = ()
        more = 0
        try:
            write_file(profile, months)
        except UnwritableError as error:
            wrong, more = error.cells, error.more
        rows = _first_rows(profile, months)
        return Preview(rows, wrong, more, len(months), _open(months))

    def file(self, who: Principal, profile_id: str, asked: Asked, *, draft: bool) -> File:
        """Hand out a file by a kept profile's id or a shipped one's name.

        Raises `422 payroll_unwritable` naming every cell, `409 payroll_month_open` unless a draft
        is asked for, `404 not_found`.
        """
        name, profile = self._named(profile_id)
        months = self._closed(who, asked, draft=draft)
        try:
            data = write_file(profile, months)
        except UnwritableError as error:
            raise _unwritable(error) from error
        media_type = f"text/csv; charset={_CHARSETS[profile.encoding.value]}"
        made = self._named_file(profile.file_name, asked, data, media_type, months)
        return self._handed(who, name, asked, months, made)

    def book(self, who: Principal, asked: Asked, t: Translator, *, draft: bool) -> File:
        """Hand out the attendance book as a workbook."""
        months = self._closed(who, asked, draft=draft)
        data = workbook(months, t)
        made = self._named_file("shukkinbo_{month}.xlsx", asked, data, _XLSX, months)
        return self._handed(who, _SHEET, asked, months, made)

    def punches(self, who: Principal, form: PunchFormat, asked: Asked) -> File:
        """Hand out punches in another system's words."""
        made = punches_as(form, self._source.punches(who, asked))
        data = msgspec.json.encode(made)
        file = self._named_file(f"{form.value}_{{month}}.json", asked, data, _JSON)
        return self._handed(who, form.value, asked, made, file)

    def daily(self, who: Principal, asked: Asked, *, draft: bool) -> File:
        """Hand out daily records in whole minutes."""
        months = self._closed(who, asked, draft=draft)
        data = msgspec.json.encode(daily_records(months))
        made = self._named_file("daily_{month}.json", asked, data, _JSON, months)
        return self._handed(who, "daily", asked, months, made)

    def sheets(self, who: Principal, asked: Asked) -> Sequence[MonthRow]:
        """Give months for the page that is printed."""
        return self._source.months(who, asked)

    def departments(self, who: Principal) -> Sequence[tuple[str, str]]:
        """Give the departments that may be asked for: id and name."""
        return self._source.departments(who)

    def handovers(self, cursor: str | None, limit: int) -> Page[Handover]:
        """Give what was handed out, newest first."""
        with self._core.db.read() as scope:
            return repository.handover_page(scope, cursor, limit)

    # --- inside --------------------------------------------------------------------------------

    def _named_file(
        self,
        pattern: str,
        asked: Asked,
        data: bytes,
        media_type: str,
        months: Sequence[MonthRow] = (),
    ) -> File:
        code, name = "", ""
        if asked.department_id is not None:
            code, name = self._source.department(asked.department_id)
        month = str(asked.month)
        return File(
            name=file_name(pattern, month, name),
            data=data,
            media_type=media_type,
            draft=_open(months) > 0,
            ascii_name=file_name(pattern, month, code),
        )

    def _named(self, profile_id: str) -> tuple[str, Profile]:
        if profile_id in shipped():
            return profile_id, shipped()[profile_id]
        kept = self.profile(profile_id)
        return kept.name, kept.profile

    def _closed(self, who: Principal, asked: Asked, *, draft: bool) -> Sequence[MonthRow]:
        months = self._source.months(who, asked)
        if not draft and _open(months):
            raise Problem(MONTH_OPEN, f"{_open(months)} of {len(months)} months are not closed")
        return months

    def _handed(
        self, who: Principal, what: str, asked: Asked, people: Sequence[object], made: File
    ) -> File:
        now = self._core.clock.now()
        kept = Handover(
            id=self._core.ids.new(),
            at=now,
            actor=who.actor,
            what=what,
            month=asked.month.first,
            department_id=asked.department_id,
            people=len(people),
            bytes=len(made.data),
            sha256=sha256(made.data).hexdigest(),
            draft=made.draft,
        )

        def work(scope: Scope) -> None:
            repository.keep_handover(scope, kept)
            said = {"what": what, "month": str(asked.month), "sha256": kept.sha256}
            record(scope, now, who, "payroll.handed_out", ("payroll_handover", kept.id), said)
            told = said | {"people": kept.people, "draft": kept.draft}
            kind, about = HappeningKind.PAYROLL_HANDED_OUT, Subject(other_id=kept.id)
            tell(scope, now, kind, about, who.actor, told)

        self._core.db.write(work)
        return made


_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_JSON: Final = "application/json"
_CHARSETS: Final = {"cp932": "Shift_JIS", "utf-8": "UTF-8", "utf-8-sig": "UTF-8"}


def _open(months: Sequence[MonthRow]) -> int:
    return sum(month.closed_at is None for month in months)


def _check(profile: Profile) -> None:
    found = wrong_with(profile, FIELDS)
    if found:
        raise invalid_fields(
            FieldProblem(f"body.{key}", "wrong", remedy) for key, remedy in found.items()
        )


def _found(kept: KeptProfile | None) -> KeptProfile:
    if kept is None:
        raise Problem(NOT_FOUND, "no such profile")
    return kept


def _unwritable(error: UnwritableError) -> Problem:
    fields = tuple(
        FieldProblem(
            f"row {cell.row}, column {cell.column}",
            cell.code,
            f"{cell.title} of {cell.staff_number or 'the header'}: {cell.code}",
        )
        for cell in error.cells
    )
    return Problem(UNWRITABLE, str(error), fields)


def _first_rows(profile: Profile, months: Sequence[MonthRow]) -> tuple[tuple[str, ...], ...]:
    """The first rows that can be shown: a preview shows the others beside the errors."""
    rows: list[tuple[str, ...]] = []
    plain = msgspec.structs.replace(profile, header=False)
    if profile.header:
        rows.append(tuple(column.title for column in profile.columns))
    for month in months:
        if len(rows) > PREVIEW_ROWS:
            break
        rows.extend(_written(plain, month).rows)
    return tuple(rows[: PREVIEW_ROWS + 1])


def _written(profile: Profile, month: MonthRow) -> Table:
    try:
        return table_of(profile, [month])
    except UnwritableError as error:
        return error.table


def _record(scope: Scope, core: Core, who: Principal, verb: str, kept: KeptProfile) -> None:
    target = ("export_profile", kept.id)
    record(scope, core.clock.now(), who, f"export_profile.{verb}", target, {"name": kept.name})
