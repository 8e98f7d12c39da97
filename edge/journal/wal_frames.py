"""SQLite's write-ahead log, frame by frame (sqlite.org/fileformat2, section 4).

SQLite ends a log at the first frame whose check sum is wrong, without a word: right after a power
loss, which can tear the last commit alone, and a silent loss of every commit behind it where the
card went bad. What follows a commit proves that it was safe once, so the two are told apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge.journal.limits import PAGE_BYTES

_HEADER: Final = struct.Struct(">IIIIIIII")
_FRAME: Final = struct.Struct(">IIIIII")
_PAGE_SIZES: Final = frozenset(1 << n for n in range(9, 17))
_MAGIC: Final = 0x377F0682
_FORMAT: Final = 3_007_000
_MASK: Final = 0xFFFFFFFF
_FORMER_PAGE_BYTES: Final = 4_096
_PAGES_MOST: Final = 1 << 26
_SECTOR: Final = 512


@dataclass(frozen=True, slots=True)
class _Header:
    order: str
    """The order of bytes in the words of check sums, as `struct` names it."""
    page_bytes: int
    salts: tuple[int, int]
    sums: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Frame:
    page: int
    pages_after: int
    """Not 0 in the last frame of a commit: how many pages the file has then."""
    salts: tuple[int, int]
    sums: tuple[int, int]
    data: bytes
    is_split: bool = False
    """Its head lies on two sectors: torn, it can name page and commit of what lay there before,
    beside the salts of now."""

    @property
    def head(self) -> bytes:
        """What the check sum covers beside the page."""
        return struct.pack(">II", self.page, self.pages_after)


def is_damaged(wal: Path) -> bool:
    """Tell whether commits lie in a log behind a frame that SQLite will end it at."""
    data = wal.read_bytes() if wal.exists() else b""
    if len(data) < _HEADER.size + _FRAME.size + PAGE_BYTES:
        return False
    header = _header(data)
    rest = _frames(data, header)
    if header is None:  # torn with the first commit behind it, or damaged with many
        first = next(rest)
        return any(first.salts) and _goes_on(
            first, rest, _Header("<", 0, first.salts, (0, 0)), set()
        )
    sums, sizes = header.sums, set[int]()
    for frame in rest:
        sums = _sum(frame.data, header.order, *_sum(frame.head, header.order, *sums))
        if frame.salts != header.salts or frame.sums != sums:
            return _goes_on(frame, rest, header, sizes)
        sizes.add(frame.pages_after)
    return False


def _goes_on(broken: _Frame, rest: Iterable[_Frame], header: _Header, sizes: set[int]) -> bool:
    """Tell whether whole frames of this log come after a commit that lies behind the damage, or at
    it: `sizes` are those that commits before it told."""
    told = broken.salts == header.salts and not broken.is_split
    committed = told and broken.pages_after in sizes - {0}
    before = broken
    for frame in rest:
        if frame.salts == header.salts:
            sums = _sum(frame.data, header.order, *_sum(frame.head, header.order, *before.sums))
            if frame.sums == sums:
                if committed:
                    return True
                committed = frame.pages_after != 0
        before = frame
    return False


def mend(wal: Path) -> None:
    """Make SQLite read a damaged log to its last commit: right check sums for what is there. A page
    that is damaged stays so, and its rows tell it."""
    data = wal.read_bytes() if wal.exists() else b""
    header = _header(data)
    frames = list(_frames(data, header))
    salts = header.salts if header else _usual_salts(frames)
    ours = [n for n, frame in enumerate(frames) if frame.salts == salts and frame.pages_after]
    if not ours:
        return
    order, page_bytes = (
        (header.order, header.page_bytes) if header else ("<", _likely_page_bytes(data))
    )
    head = struct.pack(">IIIIII", _MAGIC | (order == ">"), _FORMAT, page_bytes, 0, *salts)
    sums = _sum(head, order, 0, 0)
    out = [head, struct.pack(">II", *sums)]
    before: _Frame | None = None
    for frame in frames[: ours[-1] + 1]:
        if frame.salts != salts or not 0 < frame.page < _PAGES_MOST:
            # Of which page it was is not known: another one is written twice instead.
            before = before or next(one for one in frames if one.salts == salts)
            frame = replace(before, pages_after=0)
        sums = _sum(frame.data, order, *_sum(frame.head, order, *sums))
        out.append(frame.head + struct.pack(">IIII", *salts, *sums) + frame.data)
        before = frame
    wal.write_bytes(b"".join(out))


def _header(data: bytes) -> _Header | None:
    """Read a log's header, None where it is not whole."""
    if len(data) < _HEADER.size:
        return None
    magic, _, page_bytes, _, salt_1, salt_2, *stored = _HEADER.unpack_from(data)
    if magic | 1 != _MAGIC | 1 or page_bytes not in _PAGE_SIZES:
        return None
    order = ">" if magic & 1 else "<"
    sums = _sum(data[: _HEADER.size - 8], order, 0, 0)
    return _Header(order, page_bytes, (salt_1, salt_2), sums) if sums == tuple(stored) else None


def _frames(data: bytes, header: _Header | None) -> Iterator[_Frame]:
    size = _FRAME.size + (header.page_bytes if header else _likely_page_bytes(data))
    for at in range(_HEADER.size, len(data) - size + 1, size):
        page, pages, salt_1, salt_2, sum_1, sum_2 = _FRAME.unpack_from(data, at)
        body = data[at + _FRAME.size : at + size]
        is_split = at % _SECTOR > _SECTOR - _FRAME.size
        yield _Frame(page, pages, (salt_1, salt_2), (sum_1, sum_2), body, is_split)


def _likely_page_bytes(data: bytes) -> int:
    """The size of the pages in a log whose header is gone: that at which salts stand again."""
    salts = data[_HEADER.size + 8 : _HEADER.size + 16]
    for size in (PAGE_BYTES, _FORMER_PAGE_BYTES):
        at = _HEADER.size + _FRAME.size + size + 8
        if data[at : at + 8] == salts:
            return size
    return PAGE_BYTES


def _usual_salts(frames: list[_Frame]) -> tuple[int, int]:
    """The salts of a log whose header is gone: those that its first frames agree on."""
    first = [frame.salts for frame in frames[:8]]
    return max(first, key=first.count) if first else (0, 0)


def _sum(data: bytes, order: str, one: int, two: int) -> tuple[int, int]:
    """Carry SQLite's check sum on over 8-byte steps."""
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for left, right in zip(words[::2], words[1::2], strict=True):
        one = (one + left + two) & _MASK
        two = (two + right + one) & _MASK
    return one, two
