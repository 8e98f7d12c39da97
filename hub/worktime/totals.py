"""A month's buckets: raw minutes added up, then rounded once; never per day.

docs/attendance-rules.md, "Totals".
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.worktime.domain import Bucket, BucketTotal, PayClass, Piece
from hub.worktime.ordinance import Ordinance, Rounding

_RANK = {pay_class: rank for rank, pay_class in enumerate(PayClass)}


def rounded(minutes: int, rounding: Rounding) -> int:
    """Give the minutes as a multiple of the unit: what is left over is raised from `up_from_min`
    on, and dropped below; nothing stays nothing."""
    whole, left = divmod(minutes, rounding.unit_min)
    up = left > 0 and left >= rounding.up_from_min
    return (whole + up) * rounding.unit_min


def bucket_totals(
    days: Iterable[tuple[bool, tuple[Piece, ...]]], ordinance: Ordinance
) -> dict[Bucket, BucketTotal]:
    """Give the totals of every bucket that has minutes, in the order of the pay classes. `days`:
    whether the date's kind of employment is paid, and its pieces."""
    raw: dict[Bucket, dict[bool, int]] = {}
    for paid, pieces in days:
        for piece in pieces:
            sums = raw.setdefault(piece.bucket, {True: 0, False: 0})
            sums[paid] += piece.minutes
    in_order = sorted(raw, key=lambda bucket: (_RANK[bucket.pay_class], bucket.night))
    return {bucket: _total(bucket, raw[bucket], ordinance) for bucket in in_order}


def _total(bucket: Bucket, sums: dict[bool, int], ordinance: Ordinance) -> BucketTotal:
    pay = ordinance.pay[bucket.pay_class]
    paid = sums[True] > 0
    return BucketTotal(
        raw_min=sums[paid],
        rounded_min=rounded(sums[paid], ordinance.rounding),
        percent=pay.night_percent if bucket.night else pay.day_percent,
        paid=paid,
        recorded_min=sums[False] if paid else 0,
    )
