"""The files of a virtual door board: taken whole, with the terms and delays that a test sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.osdp.codes import FileStatusCode
from firmware_bridge.osdp.replies import FileStatus

OPAQUE_FILE: Final = 1
_PRIVATE_TYPES: Final = range(128, 256)
_MAX_LEN: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileReceived:
    """A whole file arrived."""

    file_type: int
    content: bytes = field(repr=False)


class VirtualFiles:
    """Fulfils `file_receiver.FileTaker`. `terms` are given for each fragment, `end` for the last
    one, and a file is `FINISHING` for `finishing_ns` before that."""

    def __init__(self, note: Callable[[FileReceived], None]) -> None:
        self.terms = FileStatus(FileStatusCode.PROCEED)
        self.end = FileStatus(FileStatusCode.PROCESSED)
        self.finishing_ns = 0
        self._note = note
        self._arrived: FileReceived | None = None
        self._ready_ns = 0

    def begin_file(self, file_type: int, total_len: int) -> FileStatus:
        """Opaque files and the maker's own, up to 4 MiB."""
        if file_type != OPAQUE_FILE and file_type not in _PRIVATE_TYPES:
            return FileStatus(FileStatusCode.UNRECOGNIZED)
        if not 0 < total_len <= _MAX_LEN:
            return FileStatus(FileStatusCode.ABORTED)
        return self.terms

    def file_terms(self) -> FileStatus:
        """The same for every fragment."""
        return self.terms

    def file_arrived(self, file_type: int, content: bytes, now_ns: int) -> FileStatus:
        """Takes the file, at once or after `finishing_ns`."""
        self._arrived = FileReceived(file_type, content)
        self._ready_ns = now_ns + self.finishing_ns
        return self.file_progress(now_ns)

    def file_progress(self, now_ns: int) -> FileStatus:
        """FINISHING until the time is over."""
        if now_ns < self._ready_ns:
            return FileStatus(FileStatusCode.FINISHING)
        arrived, self._arrived = self._arrived, None
        if arrived is not None and self.end.status >= 0:
            self._note(arrived)
        return self.end
