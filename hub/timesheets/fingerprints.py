"""What a month was reckoned from, as one number: the same input gives the same, whenever and
wherever it is gathered, so that reckoning again can be shown to change nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from hub.attendance.domain import Rules
from hub.worktime.domain import MonthFile
from hub.worktime.ordinance import Ordinance

REVISION: Final = 1
"""Raised whenever reckoning itself changes: everything kept is then reckoned anew."""

_ENCODER: Final = msgspec.json.Encoder()
"""Mappings are made in the order of dates, and an ordinance has its file's."""


def of_rules(ordinances: Sequence[Ordinance], rules: Rules) -> str:
    """Give the fingerprint of all by which months are reckoned beside their facts."""
    return _digest((REVISION, ordinances, rules))


def of_file(file: MonthFile, rules: str) -> str:
    """Give the fingerprint of one person's month, and the rules it is reckoned by."""
    return _digest((rules, file))


def _digest(value: object) -> str:
    return hashlib.sha256(_ENCODER.encode(value)).hexdigest()
