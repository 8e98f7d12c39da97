"""What a month was reckoned from, as one number: the same input gives the same, whenever and
wherever it is gathered, so that reckoning again can be shown to change nothing."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from hub.timesheets.gathering import Rulebook
from hub.worktime.domain import MonthFile

REVISION: Final = 1
"""Raised whenever reckoning itself changes: everything kept is then reckoned anew."""

_ENCODER: Final = msgspec.json.Encoder()
"""Mappings are made in the order of dates, and an ordinance has its file's."""


def of_rules(book: Rulebook) -> str:
    """Give the fingerprint of all by which months are reckoned beside their facts. Of a kind of
    leave it is whether it is paid."""
    paid = sorted((code, kind.paid) for code, kind in book.leave_kinds.items())
    return _digest((REVISION, book.ordinances.versions, book.punches, paid))


def of_file(file: MonthFile, rules: str) -> str:
    """Give the fingerprint of one person's month, and the rules it is reckoned by."""
    return _digest((rules, file))


def _digest(value: object) -> str:
    return hashlib.sha256(_ENCODER.encode(value)).hexdigest()
