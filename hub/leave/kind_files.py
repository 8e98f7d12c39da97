"""Reads kinds of leave: the shipped ones, and over them those of a town's own file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from hub.leave.domain import Kinds, LeaveKind, LeaveUnit

SHIPPED: Final = Path(__file__).resolve().parent / "kinds" / "standard.toml"
_LEAP_YEAR: Final = 2024


class LeaveKindsError(Exception):
    """A file of kinds cannot be used: names the file, the key and what to write instead."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: Mapping[Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")], LeaveKind]


def load_kinds(own: Path | None = None) -> Kinds:
    """Give the shipped kinds, each replaced by the town's of the same code; its new ones follow.

    Raises `LeaveKindsError`.
    """
    found = dict(_read(SHIPPED))
    if own is not None:
        found.update(_read(own))
    return found


def _read(path: Path) -> Mapping[str, LeaveKind]:
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(given, _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LeaveKindsError(f"{path}: cannot be read: {error}") from error
    except msgspec.ValidationError as error:
        raise LeaveKindsError(f"{path}: {error}") from error
    for code, kind in file.kinds.items():
        problem = _problem(kind)
        if problem:
            raise LeaveKindsError(f"{path}: kinds.{code}: {problem}")
    return file.kinds


def _problem(kind: LeaveKind) -> str | None:
    """What msgspec cannot see."""
    if not kind.units or len(set(kind.units)) != len(kind.units):
        return 'units: name each unit once: ["day", "half_day", "hour"]'
    by_both = {LeaveUnit.HALF_DAY, LeaveUnit.HOUR} <= set(kind.units)
    if by_both and kind.day_min % 2:
        return "day_min: half a day and hours together need an even number of minutes: 480"
    if any(len(each.hired) not in (0, 11) for each in kind.grants):
        return "grants.hired: eleven numbers, for the last 1, 2, ... 11 months of the year"
    if len({each.employment for each in kind.grants}) != len(kind.grants):
        return "grants.employment: name each kind of employment once"
    for day in kind.season or ():
        try:
            date.fromisoformat(f"{_LEAP_YEAR}-{day}")
        except ValueError:
            return 'season: write the first and the last day as ["07-01", "09-30"]'
    return None


def in_season(kind: LeaveKind, day: date) -> bool:
    """Tell whether leave of a kind may be taken on a date; a season may reach over New Year."""
    if kind.season is None:
        return True
    first, last = kind.season
    at = f"{day:%m-%d}"
    return first <= at <= last if first <= last else at >= first or at <= last
