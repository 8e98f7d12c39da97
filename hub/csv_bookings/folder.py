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

    def run(self) -> None:
        """Do the files that stood still since the last look."""
        folder = self._settings.folder
        if folder is None:
            return
        profiles = {each.name: each for each in self._service.profiles()}
        found = dict(_files(folder, profiles))
        for each in sorted(found.keys() & self._before, key=lambda one: (one.mtime_ns, one.path)):
            self._do(each, found[each])
        self._before = frozenset(found)

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
                report = self._service.run(SYSTEM, profile.id, found.path.name, data, dry_run=False)
            except Problem as problem:
                self._move(found, FAILED, _told(problem, t))
            else:
                self._move(found, DONE, _whole(report, t))

    def _move(self, found: _Found, where: str, report: str) -> None:
        """Write the report, then move the file: whoever sees the file there finds its report."""
        target = found.path.parent / where
        target.mkdir(exist_ok=True)
        if target.is_symlink():
            _log.error("csv_folder_is_a_link", folder=where)
            return
        stem = f"{self._clock.now():%Y%m%dT%H%M%S%fZ}-{found.path.stem}"
        _write(target / f"{stem}.report.csv", report)
        found.path.replace(target / f"{stem}{found.path.suffix}")


def _files(folder: Path, profiles: dict[str, Profile]) -> Iterator[tuple[_Found, Profile]]:
    """Give the plain files of the profiles' subfolders. A profile's name is one part of a path, or
    it has no folder."""
    for name, profile in profiles.items():
        if name in ("", ".", "..") or "/" in name or "\x00" in name:
            continue
        place = folder / name
        if place.is_symlink() or not place.is_dir():
            continue
        for path in place.iterdir():
            if path.name.startswith(".") or path.suffix.lower() in _UNFINISHED:
                continue
            state = path.lstat()
            if stat.S_ISREG(state.st_mode):
                yield _Found(path, state.st_size, state.st_mtime_ns, state.st_ino), profile


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
