"""CSV imports: profiles, trial and real runs, and confirming what a complete file lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.bookings.service import BookingsService
from hub.csv_bookings import repository
from hub.csv_bookings.importer import Importer
from hub.csv_bookings.mapping import Frame
from hub.csv_bookings.profile import Shape, wrong_with
from hub.csv_bookings.reading import Table, first_rows, read_table
from hub.csv_bookings.report import Done, LineReport, Report
from hub.csv_bookings.repository import Import, Profile
from hub.csv_bookings.settings import CsvSettings
from hub.csv_bookings.tables import ImportState
from hub.database.scope import Scope
from hub.tabular.dates import plain
from hub.tabular.encodings import Decoded, UnreadableFileError, decode
from hub.tabular.staged import StagedFiles, Upload, unreadable
from hub.web.core import Core
from hub.web.paging import Page
from hub.web.problems import (
    CONFLICT,
    NOT_FOUND,
    FieldProblem,
    Problem,
    ProblemKind,
    invalid_fields,
)
from hub.web.rights import Principal

UNREADABLE: Final = ProblemKind("csv_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY)
_WRONG_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a file as they stand, and as what it was read."""

    encoding: str
    rows: list[list[str]]


class CsvService:
    """What people do with CSV files, and the folder's job."""

    def __init__(self, core: Core, settings: CsvSettings, bookings: BookingsService) -> None:
        self._core = core
        self._settings = settings
        self._importer = Importer(core.db, core.clock, bookings)
        self._staged = StagedFiles(
            core.keys,
            core.clock,
            "bookings",
            max_bytes=settings.max_bytes,
            life_minutes=settings.staged_minutes,
        )

    # --- profiles --------------------------------------------------------------------------------

    def profiles(self, who: Principal) -> tuple[Profile, ...]:
        """Give the profiles that somebody may use: who is limited to some sites has those alone
        that are limited to them too."""
        with self._core.db.read() as scope:
            return tuple(each for each in repository.profiles(scope) if _reaches(who, each))

    def profile(self, who: Principal, profile_id: str) -> Profile:
        """Give one; raise `404 not_found`."""
        with self._core.db.read() as scope:
            return _found(scope, who, profile_id)

    def put_profile(
        self, who: Principal, profile_id: str | None, name: str, shape: Shape
    ) -> Profile:
        """Make a profile, or change it; raise `422 invalid` naming what cannot be. One that is made
        by somebody who is limited to some sites is limited to them."""

        def work(scope: Scope) -> Profile:
            self._check(scope, who, shape)
            now = self._core.clock.now()
            before = _found(scope, who, profile_id) if profile_id else None
            made = before.created_at if before else now
            sites = before.sites if before else _sites_of(who)
            kept = Profile(profile_id or self._core.ids.new(), name, shape, made, now, sites)
            repository.write_profile(scope, kept, new=before is None)
            action = "csv_profile.changed" if before else "csv_profile.created"
            record(scope, now, who, action, ("csv_profile", kept.id))
            return kept

        return self._core.db.write(work)

    def drop_profile(self, who: Principal, profile_id: str) -> None:
        """Remove a profile; bookings and imports stay."""

        def work(scope: Scope) -> None:
            _found(scope, who, profile_id)
            repository.drop_profile(scope, profile_id)
            self._staged.forget(scope, profile_id)
            now = self._core.clock.now()
            record(scope, now, who, "csv_profile.deleted", ("csv_profile", profile_id))

        self._core.db.write(work)

    def _check(self, scope: Scope, who: Principal, shape: Shape) -> None:
        wrong = wrong_with(shape)
        named = {*shape.facilities.values(), *([shape.facility] if shape.facility else [])}
        for facility_id in sorted(named):
            facility = booking_rows.facility(scope, facility_id)
            if facility is None or not who.reaches(facility.site_id):
                wrong["facilities"] = "a facility named does not exist"
        if wrong:
            raise invalid_fields(
                FieldProblem(f"body.{name}", "bad_profile", text) for name, text in wrong.items()
            )

    # --- files -----------------------------------------------------------------------------------

    def preview(self, data: bytes, shape: Shape, rows: int = 6) -> Preview:
        """Give the first rows of a file; raise `422 csv_unreadable`."""
        try:
            decoded = decode(data, shape.encoding)
            return Preview(decoded.encoding.value, first_rows(decoded.text, shape, rows))
        except UnreadableFileError as error:
            raise unreadable(UNREADABLE, error) from error

    def run(
        self, who: Principal, profile_id: str, name: str | None, data: bytes, *, dry_run: bool
    ) -> Report:
        """Try a file's lines or do them. A trial keeps the file for the real run.

        Raises `413 too_large`, and `422 csv_unreadable` with row and column for a file of which
        nothing can be done.
        """
        upload = self._staged.take(name, data)
        profile, frame = self._frame(who, profile_id)
        who = _within(who, profile)
        try:
            decoded = decode(data, profile.shape.encoding)
            table = read_table(decoded.text, profile.shape, self._settings.max_rows)
        except UnreadableFileError as error:
            if not dry_run:
                self._keep_failed(who, profile, upload, error)
            raise unreadable(UNREADABLE, error) from error
        if dry_run:
            self._core.db.write(
                lambda scope: self._staged.keep(scope, profile.id, upload.sha256, upload)
            )
            return self._trial(who, profile, frame, (decoded, table), upload.sha256)
        return self._really(who, profile, frame, (decoded, table), upload)

    def run_staged(self, who: Principal, profile_id: str, digest: str) -> Report:
        """Do the file of a trial run by its hash; raise `404 not_found` once it has expired."""
        with self._core.db.read() as scope:
            found = self._staged.waiting(scope, profile_id, digest).upload
        return self.run(who, profile_id, found.name, found.data, dry_run=False)

    def is_same_as_last(self, profile_id: str, data: bytes) -> bool:
        """Tell whether a profile's newest import was of this very file, and came to its end."""
        with self._core.db.read() as scope:
            last = repository.newest_import(scope, profile_id)
        ended = last is not None and last.state in (ImportState.DONE, ImportState.WAITING)
        return ended and last is not None and last.sha256 == Upload("", data).sha256

    def _frame(self, who: Principal, profile_id: str) -> tuple[Profile, Frame]:
        zone: ZoneInfo = self._core.settings.town.zone
        with self._core.db.read() as scope:
            profile = _found(scope, who, profile_id)
            facilities = booking_rows.all_facilities(scope, _within(who, profile).sites)
        by_name = {plain(each.name_ja): each.id for each in facilities if each.active}
        return profile, Frame(profile.shape, zone, by_name)

    def _trial(
        self,
        who: Principal,
        profile: Profile,
        frame: Frame,
        read: tuple[Decoded, Table],
        digest: str,
    ) -> Report:
        decoded, table = read
        lines, keys = self._importer.lines(who, profile, table, frame, dry_run=True)
        missing = self._importer.missing(profile, keys, frame, cut=_may_be_cut(decoded))
        lines += [LineReport(0, key, Done.MISSING) for key in missing.keys]
        return Report(
            sha256=digest,
            encoding=decoded.encoding.value,
            rows=len(table.rows),
            skipped=table.skipped,
            lines=tuple(lines),
            dry_run=True,
            missing_held=missing.held,
            missing_unsafe=missing.unsafe,
        )

    def _really(
        self,
        who: Principal,
        profile: Profile,
        frame: Frame,
        read: tuple[Decoded, Table],
        file: Upload,
    ) -> Report:
        decoded, table = read
        made = self._begin(who, profile, file, rows=len(table.rows))
        lines, keys = self._importer.lines(who, profile, table, frame, dry_run=False)
        missing = self._importer.missing(profile, keys, frame, cut=_may_be_cut(decoded))
        if missing.held:
            lines += [LineReport(0, key, Done.MISSING) for key in missing.keys]
        else:
            lines += self._importer.cancel(who, profile, missing.keys)
        report = Report(
            sha256=file.sha256,
            encoding=decoded.encoding.value,
            rows=len(table.rows),
            skipped=table.skipped,
            lines=tuple(lines),
            dry_run=False,
            import_id=made.id,
            missing_held=missing.held,
            missing_unsafe=missing.unsafe,
        )
        self._end(who, made, report, missing.keys if missing.held else ())
        return report

    def _begin(self, who: Principal, profile: Profile, file: Upload, *, rows: int) -> Import:
        now = self._core.clock.now()
        made = Import(
            id=self._core.ids.new(),
            profile_id=profile.id,
            file_name=file.name,
            sha256=file.sha256,
            state=ImportState.RUNNING,
            actor=who.actor,
            started_at=now,
            ended_at=None,
            rows=rows,
            counts={},
            wrong=[],
            missing=[],
        )
        self._core.db.write(lambda scope: repository.write_import(scope, made))
        return made

    def _end(self, who: Principal, made: Import, report: Report, held: tuple[str, ...]) -> None:
        now = self._core.clock.now()
        refused = [line for line in report.lines if line.done is Done.REFUSED][:_WRONG_MAX]
        ended = replace(
            made,
            state=ImportState.WAITING if held else ImportState.DONE,
            ended_at=now,
            counts=report.counts,
            wrong=[[line.number, line.key, line.code, line.column] for line in refused],
            missing=list(held),
        )

        def work(scope: Scope) -> None:
            repository.write_import(scope, ended)
            self._staged.forget(scope, made.profile_id, made.sha256)
            said: dict[str, object] = {"counts": report.counts, "missing": len(held)}
            record(scope, now, who, "csv_import.done", ("csv_import", made.id), said)

        self._core.db.write(work)

    def _keep_failed(
        self,
        who: Principal,
        profile: Profile,
        file: Upload,
        error: UnreadableFileError,
    ) -> None:
        made = self._begin(who, profile, file, rows=0)
        failed = replace(
            made,
            state=ImportState.FAILED,
            ended_at=self._core.clock.now(),
            wrong=[[error.row, "", error.code, str(error.column)]],
        )
        self._core.db.write(lambda scope: repository.write_import(scope, failed))

    # --- imports ---------------------------------------------------------------------------------

    def imports(self, who: Principal, cursor: str | None, limit: int) -> Page[Import]:
        """Give the imports of profiles that somebody may use, newest first."""
        with self._core.db.read() as scope:
            theirs = [each.id for each in repository.profiles(scope) if _reaches(who, each)]
            return repository.imports(scope, None if who.sites is None else theirs, cursor, limit)

    def confirm(self, who: Principal, import_id: str) -> Import:
        """Cancel what a complete file lacked, once somebody said so; raise `409 conflict` where
        nothing waits, or a newer file of the profile came since."""
        with self._core.db.read() as scope:
            found = repository.import_of(scope, import_id)
            if found is None:
                raise Problem(NOT_FOUND, "no such import")
            profile = _found(scope, who, found.profile_id)
            newest = repository.newest_import(scope, found.profile_id)
        if found.state is not ImportState.WAITING or newest is None or newest.id != found.id:
            raise Problem(CONFLICT, "nothing of it waits, or a newer file came since")
        reports = self._importer.cancel(_within(who, profile), profile, found.missing)
        now = self._core.clock.now()
        cancelled = sum(each.done is Done.MISSING for each in reports)
        done = replace(
            found,
            state=ImportState.DONE,
            missing=[],
            counts={**found.counts, Done.MISSING.value: cancelled},
        )

        def work(scope: Scope) -> None:
            repository.write_import(scope, done)
            said: dict[str, object] = {"cancelled": cancelled}
            record(scope, now, who, "csv_import.confirmed", ("csv_import", found.id), said)

        self._core.db.write(work)
        return done


def _may_be_cut(decoded: Decoded) -> bool:
    """Whether a file ends within a line, as one does whose transfer stopped."""
    return not decoded.text.endswith(("\n", "\r"))


def _reaches(who: Principal, profile: Profile) -> bool:
    """Whether everything that a profile's files may book is somebody's."""
    return who.sites is None or (profile.sites is not None and who.sites.issuperset(profile.sites))


def _sites_of(who: Principal) -> list[str] | None:
    return None if who.sites is None else sorted(who.sites)


def _within(who: Principal, profile: Profile) -> Principal:
    """Give somebody as limited as a profile is: also the hub itself, for files of the folder."""
    return who if profile.sites is None else replace(who, sites=frozenset(profile.sites))


def _found(scope: Scope, who: Principal, profile_id: str) -> Profile:
    found = repository.profile(scope, profile_id)
    if found is None or not _reaches(who, found):
        raise Problem(NOT_FOUND, "no such profile")
    return found
