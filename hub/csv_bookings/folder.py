"""The job that picks up files from a folder: one subfolder a profile, named as it is.

::

    folder/体育館/april.csv            picked up once its size has stood still between two looks
    folder/体育館/done/<when>-april.csv    and beside it <when>-april.report.csv
    folder/体育館/failed/...               a file of which nothing could be done

A file is moved only after every line of it is committed: killed before that, the job does it again,
and lines that were done are unchanged. Symbolic links are never followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from hub.catalogue import Language, Translator
from hub.clock import Clock
from hub.csv_bookings.report import Report, as_csv
from hub.csv_bookings.repository import Profile
from hub.csv_bookings.service import CsvService
from hub.csv_bookings.settings import CsvSettings
from hub.tabular.staged import shown_name
from hub.web.problems import Problem
from hub.web.rights import SYSTEM

DONE: Final = "done"
FAILED: Final = "failed"
_UNFINISHED: Final = (".tmp", ".part", ".partial", ".crdownload", ".filepart")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """A file as it was at a look."""

    path: Path
    size: int
    mtime_ns: int
    inode: int


class CsvFolder:
    """A job of `hub.jobs`."""

    name = "csv_folder"
    every_s = 5.0

    def __init__(self, service: CsvService, settings: CsvSettings, clock: Clock) -> None:
        self._service = service
        self._settings = settings
        self._clock = clock
        self._before: frozenset[_Found] = frozenset()
        self._done: frozenset[_Found] = frozenset()
        """What was done and could not be moved away: never done again."""

    def run(self) -> None:
        """Do the files that stood still since the last look."""
        folder = self._settings.folder
        if folder is None:
            return
        profiles = {each.name: each for each in self._service.profiles(SYSTEM)}
        found = dict(_files(folder, profiles))
        still = (found.keys() & self._before) - self._done
        for each in sorted(still, key=lambda one: (one.mtime_ns, one.path)):
            try:
                self._do(each, found[each])
            except Exception:  # whatever it was, it holds up no other file
                _log.exception("csv_file_failed", profile=found[each].id)
        self._before = frozenset(found)
        self._done &= found.keys()

    def _do(self, found: _Found, profile: Profile) -> None:
        try:
            data = _read(found, self._settings.max_bytes)
        except OSError as error:
            _log.warning(
                "csv_unread", profile=profile.id, error=errno.errorcode.get(error.errno or 0)
            )
            return
        t = Translator(Language.JA)
        if data is None:
            self._move(found, FAILED, t("csv.too_large"))
        elif self._service.is_same_as_last(profile.id, data):
            self._move(found, DONE, t("csv.same_file"))
        else:
            try:
                name = shown_name(found.path.name)
                report = self._service.run(SYSTEM, profile.id, name, data, dry_run=False)
            except Problem as problem:
                self._move(found, FAILED, _told(problem, t))
            else:
                self._move(found, DONE, _whole(report, t))

    def _move(self, found: _Found, where: str, report: str) -> None:
        """Write the report, then move the file: whoever sees the file there finds its report. One
        that cannot be moved is left where it is, and not done again by this process: two such files
        would otherwise undo each other for ever."""
        try:
            self._laid_away(found, found.path.parent / where, report)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0)
            _log.error("csv_not_moved", folder=where, error=name)
            self._done |= {found}

    def _laid_away(self, found: _Found, target: Path, report: str) -> None:
        target.mkdir(exist_ok=True)
        if target.is_symlink():
            raise OSError(errno.ELOOP, "the folder is a link")
        stem = f"{self._clock.now():%Y%m%dT%H%M%S%fZ}-{found.path.stem}"
        _write(target / f"{stem}.report.csv", report)
        found.path.replace(target / f"{stem}{found.path.suffix}")


def _files(folder: Path, profiles: dict[str, Profile]) -> Iterator[tuple[_Found, Profile]]:
    """Give the plain files of the profiles' subfolders. A profile's name is one part of a path, or
    it has no folder."""
    for name, profile in profiles.items():
        if name in ("", ".", "..") or "/" in name or "\x00" in name:
            continue
        try:
            for found in _files_in(folder / name):
                yield found, profile
        except OSError as error:
            _log.warning(
                "csv_unread", profile=profile.id, error=errno.errorcode.get(error.errno or 0)
            )


def _files_in(place: Path) -> Iterator[_Found]:
    if place.is_symlink() or not place.is_dir():
        return
    for path in place.iterdir():
        if path.name.startswith(".") or path.suffix.lower() in _UNFINISHED:
            continue
        with suppress(FileNotFoundError):  # whoever put it there took it away again
            state = path.lstat()
            if stat.S_ISREG(state.st_mode):
                yield _Found(path, state.st_size, state.st_mtime_ns, state.st_ino)


def _read(found: _Found, most: int) -> bytes | None:
    """Read a file that is still the one that was looked at; None for one that is too large. A link
    put in its place meanwhile raises `OSError`."""
    handle = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if (state.st_ino, state.st_size) != (found.inode, found.size):
            raise OSError(errno.EAGAIN, "the file changed meanwhile")
        data = file.read(most + 1)
    return None if len(data) > most else data


def _write(path: Path, text: str) -> None:
    """Write a file that is whole as soon as it is there. With a byte order mark, for Excel."""
    draft = path.with_name(f".{path.name}.tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _whole(report: Report, t: Translator) -> str:
    text = as_csv(report, t)
    if report.missing_held:
        text += f"{t('csv.held')}\r\n"
    return text


def _told(problem: Problem, t: Translator) -> str:
    cause = problem.extra.get("cause")
    sentence = t(f"csv_code.{cause}") if cause else t(f"problem.{problem.kind.code}.title")
    if cause is None:
        return f"{sentence}\r\n"
    place = t("csv.place", row=problem.extra["row"], column=problem.extra["column"])
    return f"{sentence},{place}\r\n"
