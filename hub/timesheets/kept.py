"""A month and what it was reckoned from as text: JSON with every number, and back."""

from __future__ import annotations

from typing import Final

import msgspec

from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    CapFinding,
    DayResult,
    ExplainedKind,
    Month,
    MonthFile,
    MonthResult,
    MonthTally,
)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """`MonthResult`, but for its totals: JSON has no keys of two parts."""

    person_id: str
    month: Month
    days: tuple[DayResult, ...]
    totals: tuple[tuple[Bucket, BucketTotal], ...]
    regular_min: int
    missing_min: int
    explained_min: dict[ExplainedKind, int]
    days_worked: int
    counted_60h_min: int
    over_full_day_min: int
    statutory_min: int
    caps: tuple[CapFinding, ...]
    tally: MonthTally | None


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_Kept)
_FILE_DECODER: Final = msgspec.json.Decoder(MonthFile)
_PLAIN: Final = tuple(name for name in _Kept.__struct_fields__ if name != "totals")


def to_text(result: MonthResult) -> str:
    """Write a month down; equal results give equal texts."""
    plain = {name: getattr(result, name) for name in _PLAIN}
    return _ENCODER.encode(_Kept(**plain, totals=tuple(result.totals.items()))).decode()


def from_text(text: str) -> MonthResult:
    """Read it; raise `msgspec.ValidationError` for what is none."""
    kept = _DECODER.decode(text)
    plain = {name: getattr(kept, name) for name in _PLAIN}
    return MonthResult(**plain, totals=dict(kept.totals))


def file_to_text(file: MonthFile) -> str:
    """Write down what a month is reckoned from."""
    return _ENCODER.encode(file).decode()


def file_from_text(text: str) -> MonthFile:
    """Read it; raise `msgspec.ValidationError` for what is none."""
    return _FILE_DECODER.decode(text)
