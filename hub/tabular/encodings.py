"""From bytes to text, or to the row and column of the byte that is none. Pure.

CP932 is Windows' Shift_JIS with NEC's and IBM's characters (①, ㈱, 髙): what Excel in Japan writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Encoding(StrEnum):
    """How a file's bytes are to be read."""

    AUTO = "auto"
    CP932 = "cp932"
    UTF_8 = "utf-8"
    UTF_8_SIG = "utf-8-sig"
    """UTF-8 with a byte order mark, as newer Excel writes it; without one it is read as well."""


class UnreadableFileError(Exception):
    """A file cannot be read. `row` and `column` count from 1, characters for columns; `code` is the
    refusal's."""

    def __init__(self, code: str, row: int, column: int) -> None:
        self.code, self.row, self.column = code, row, column
        super().__init__(f"{code} at row {row}, column {column}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and as what it was read."""

    text: str
    encoding: Encoding


def decode(data: bytes, wanted: Encoding = Encoding.AUTO) -> Decoded:
    """Read a file; raise `UnreadableFileError` for bytes that are no text in that encoding, and
    for NUL, which no text holds. Nothing is ever replaced by a question mark."""
    if data.startswith(_UTF16):
        raise UnreadableFileError("utf16", 1, 1)
    if wanted is Encoding.AUTO:
        wanted = _detected(data)
    codec = "utf-8-sig" if wanted is Encoding.UTF_8_SIG else wanted.value
    if wanted is Encoding.UTF_8 and data.startswith(_BOM):
        codec = "utf-8-sig"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        start = error.start + (len(_BOM) if codec == "utf-8-sig" and data.startswith(_BOM) else 0)
        raise _at(data[:start], codec, "bad_bytes") from error
    nul = text.find("\x00")
    if nul >= 0:
        raise UnreadableFileError("nul", *_place(text[:nul]))
    return Decoded(text, wanted)


def _detected(data: bytes) -> Encoding:
    """UTF-8 proves itself; what is not that is CP932. Of a file that is neither, the one that is
    read further names the broken place."""
    if data.startswith(_BOM):
        return Encoding.UTF_8_SIG
    reach = {}
    for encoding in (Encoding.UTF_8, Encoding.CP932):
        try:
            data.decode(encoding.value)
        except UnicodeDecodeError as error:
            reach[encoding] = error.start
        else:
            return encoding
    return max(reach, key=lambda each: reach[each])


def _at(before: bytes, codec: str, code: str) -> UnreadableFileError:
    return UnreadableFileError(code, *_place(before.decode(codec, errors="replace")))


def _place(before: str) -> tuple[int, int]:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1
