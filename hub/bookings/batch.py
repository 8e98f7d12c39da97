"""Several bookings at once: each a transaction of its own, and each with its own answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.bookings.records import BookingView, BookingWish
from hub.bookings.service import BookingsService
from hub.web.problems import Problem
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one item: a view, or the problem why not."""

    reservation_key: str
    view: BookingView | None = None
    new: bool = False
    problem: Problem | None = None


def put_all(
    service: BookingsService, who: Principal, items: Iterable[tuple[str, BookingWish]]
) -> list[BatchResult]:
    """Make or change each booking in turn; one that is refused leaves the others alone. Sent again,
    the whole of it changes nothing that was done."""
    results = []
    for reservation_key, wish in items:
        try:
            view, new = service.put(who, reservation_key, wish)
        except Problem as problem:
            results.append(BatchResult(reservation_key, problem=problem))
        else:
            results.append(BatchResult(reservation_key, view, new))
    return results
