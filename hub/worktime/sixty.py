"""The 60th hour: found in the order in which the month's minutes passed, on raw minutes.

docs/attendance-rules.md, "The 60th hour".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from hub.worktime.domain import Bucket, PayClass, Piece


def split_at_sixty(
    days: Iterable[tuple[Piece, ...]], counting: Collection[PayClass], after_min: int
) -> tuple[list[tuple[Piece, ...]], int]:
    """Give each date's pieces with what comes after `after_min` counted minutes turned into
    `over_60`, and how many minutes were counted in all."""
    counted = 0
    split: list[tuple[Piece, ...]] = []
    for pieces in days:
        turned: list[Piece] = []
        for piece in pieces:
            if piece.from_class not in counting:
                turned.append(piece)
                continue
            turned += _split(piece, max(0, after_min - counted))
            counted += piece.minutes
        split.append(tuple(turned))
    return split, counted


def _split(piece: Piece, room_min: int) -> tuple[Piece, ...]:
    """Part a piece where the room ends."""
    at = piece.start + room_min
    if at >= piece.end:
        return (piece,)
    beyond = replace(
        piece,
        start=max(at, piece.start),
        bucket=Bucket(PayClass.OVER_60, piece.bucket.night),
    )
    return (replace(piece, end=at), beyond) if room_min else (beyond,)
