"""How files that are handed out are called: what it is, the department, the month. Pure.

The month is `2026-11` everywhere. A department stands in by its name, and in the name for systems
that know ASCII alone (RFC 6266) by its code.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f/\\\\:*?"<>|%;]+')
_NOT_ASCII: Final = re.compile(r"[^\x21-\x7e]+")


def file_name(pattern: str, month: str, department: str = "") -> str:
    """Give a file's name. `{month}` and `{department}` of the pattern are filled in; without
    a place for it a department that was asked for stands before the month, or at the end."""
    place = _UNSAFE.sub("_", department).strip("_ .")
    name = pattern
    if "{department}" not in name and place:
        if "{month}" in name:
            name = name.replace("{month}", "{department}_{month}", 1)
        else:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem}_{{department}}.{ending}" if dot else f"{ending}_{{department}}"
    if not place:
        name = re.sub(r"[_-]?\{department\}", "", name)
    return name.replace("{department}", place).replace("{month}", month)


def content_disposition(name: str, ascii_name: str) -> str:
    """Give the header's value for a file to be kept (RFC 6266, RFC 5987)."""
    plain = _UNSAFE.sub("_", _NOT_ASCII.sub("_", ascii_name)).strip("_") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
