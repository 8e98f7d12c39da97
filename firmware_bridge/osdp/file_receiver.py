"""The peripheral's side of a file transfer: fragments in order, a whole file or none.

A fragment that does not continue exactly where the last one ended ends the transfer, and so
does the end of the session: nothing is kept of half a file and nothing is resumed.
Source: SIA OSDP v2.2, FILETRANSFER and FTSTAT.
"""

from __future__ import annotations

from typing import Final, Protocol

from firmware_bridge.osdp.codes import FileStatusCode
from firmware_bridge.osdp.commands import FileFragment
from firmware_bridge.osdp.replies import FileStatus

_MALFORMED: Final = FileStatus(FileStatusCode.MALFORMED)


class FileTaker(Protocol):
    """What takes files behind a peripheral. A status below 0 refuses."""

    def begin_file(self, file_type: int, total_len: int) -> FileStatus:
        """Whether a file of that type and length is wanted, and how."""

    def file_terms(self) -> FileStatus:
        """How the next fragment is wanted."""

    def file_arrived(self, file_type: int, content: bytes, now_ns: int) -> FileStatus:
        """The whole file is here: PROCESSED, REBOOTING or FINISHING."""

    def file_progress(self, now_ns: int) -> FileStatus:
        """How a file fares that was FINISHING."""


class FileReceiver:
    """Collects one file at a time in memory and hands it over whole."""

    __slots__ = ("_arrived", "_content", "_file_type", "_taker", "_total_len")

    def __init__(self, taker: FileTaker) -> None:
        self._taker = taker
        self._content: bytearray | None = None
        self._file_type = 0
        self._total_len = 0
        self._arrived = False

    def forget(self) -> None:
        """Drops what there is of a file."""
        self._content = None
        self._arrived = False

    def take(self, fragment: FileFragment, now_ns: int) -> FileStatus:
        """Takes a fragment, or an empty one that asks how the file fares."""
        same_file = (fragment.file_type, fragment.total_len) == (self._file_type, self._total_len)
        if not fragment.fragment:
            return self._asked(same_file, now_ns)
        if fragment.offset == 0:
            status = self._begin(fragment)
            if status.status < 0:
                return status
        elif self._content is None or not same_file or fragment.offset != len(self._content):
            self.forget()
            return _MALFORMED
        return self._store(fragment.fragment, now_ns)

    def _begin(self, fragment: FileFragment) -> FileStatus:
        self.forget()
        status = self._taker.begin_file(fragment.file_type, fragment.total_len)
        if status.status >= 0:
            self._content = bytearray()
            self._file_type, self._total_len = fragment.file_type, fragment.total_len
        return status

    def _store(self, data: bytes, now_ns: int) -> FileStatus:
        if self._content is None:
            return _MALFORMED
        self._content += data
        if len(self._content) < self._total_len:
            return self._taker.file_terms()
        content, self._content = bytes(self._content), None
        status = self._taker.file_arrived(self._file_type, content, now_ns)
        self._arrived = status.status == FileStatusCode.FINISHING
        return status

    def _asked(self, same_file: bool, now_ns: int) -> FileStatus:
        if not same_file or not (self._arrived or self._content is not None):
            self.forget()
            return _MALFORMED
        if not self._arrived:
            return self._taker.file_terms()
        status = self._taker.file_progress(now_ns)
        self._arrived = status.status == FileStatusCode.FINISHING
        return status
