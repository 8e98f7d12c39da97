"""A whole reckoned month as text, and back; and the fingerprint by which two are the same. Pure.

A closing keeps what was signed in full: every day, piece and note. The text is canonical (keys in
order, no spaces), so that the same result always has the same fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    CapFinding,
    DayResult,
    ExplainedKind,
    Month,
    MonthResult,
    MonthTally,
)

VERSION: Final = 1


class SnapshotError(ValueError):
    """A kept month that cannot be understood."""


class _Total(msgspec.Struct, frozen=True):
    bucket: Bucket
    total: BucketTotal


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A `MonthResult`, its totals as a list: JSON has no keys that are pairs."""

    version: int
    person_id: str
    month: Month
    days: tuple[DayResult, ...]
    totals: tuple[_Total, ...]
    regular_min: int
    missing_min: int
    explained_min: dict[ExplainedKind, int]
    days_worked: int
    counted_60h_min: int
    over_full_day_min: int
    statutory_min: int
    caps: tuple[CapFinding, ...]
    tally: MonthTally | None


_FIELDS: Final = tuple(name for name in _Snapshot.__struct_fields__ if name != "version")


def text_of(result: MonthResult) -> str:
    """Give a result as canonical text."""
    values: dict[str, Any] = {name: getattr(result, name) for name in _FIELDS}
    values["totals"] = tuple(
        _Total(bucket, result.totals[bucket]) for bucket in sorted(result.totals)
    )
    values["explained_min"] = dict(result.explained_min)
    made = _Snapshot(version=VERSION, **values)
    return msgspec.json.encode(made, order="deterministic").decode()


def result_of(text: str) -> MonthResult:
    """Give a result back; raise `SnapshotError` for what is none."""
    try:
        kept = msgspec.json.decode(text, type=_Snapshot)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise SnapshotError("not a kept month") from error
    if kept.version != VERSION:
        raise SnapshotError(f"kept by version {kept.version}, not {VERSION}")
    values: dict[str, Any] = {name: getattr(kept, name) for name in _FIELDS}
    values["totals"] = {each.bucket: each.total for each in kept.totals}
    return MonthResult(**values)


def fingerprint(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint_of_all(by_person: Mapping[str, str]) -> str:
    """Give one fingerprint of several people's, whatever order they come in."""
    return fingerprint("\n".join(f"{each} {by_person[each]}" for each in sorted(by_person)))
