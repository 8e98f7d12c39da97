"""Approved applications as the claims that reckoning takes: nothing else of them reaches it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.applications import repository
from hub.applications.bodies import ApplicationKind, SwapBody
from hub.applications.domain import Application, DayClaim
from hub.database.scope import Scope
from hub.leave.domain import Kinds
from hub.worktime.domain import Explained, ExplainedKind, Order, Swap, SwapKind
from hub.worktime.minutes import Span, Spans

K = ApplicationKind
_ORDERS: Final = frozenset({K.OVERTIME, K.OVERTIME_AFTER, K.HOLIDAY_WORK})
_SWAPS: Final = {K.SWAP: SwapKind.SWAP, K.COMPENSATORY: SwapKind.COMPENSATORY}
_EXPLAINED: Final = {
    K.TRIP: ExplainedKind.TRIP,
    K.TELEWORK: ExplainedKind.TELEWORK,
    K.TRAINING: ExplainedKind.TRAINING,
    K.DUTY: ExplainedKind.DUTY,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What is approved for one person, in the order of dates."""

    orders: tuple[Order, ...] = ()
    explained: tuple[Explained, ...] = ()
    swaps: tuple[Swap, ...] = ()


def claims_between(
    scope: Scope,
    person_ids: Collection[str],
    first: date,
    last: date,
    kinds: Kinds,
) -> dict[str, Claims]:
    """Give the claims that touch a range, by person; who has none is left out. `kinds` are the
    town's kinds of leave, which say what is paid.

    Of a swap either date lies in the range. What waits for its cancellation still counts.
    """
    found: dict[str, list[Application]] = {}
    for each in repository.holding_between(scope, person_ids, first, last):
        found.setdefault(each.person_id, []).append(each)
    return {person_id: claims_of(theirs, first, last, kinds) for person_id, theirs in found.items()}


def claims_of(applications: Iterable[Application], first: date, last: date, kinds: Kinds) -> Claims:
    """Give the claims of one person's approved applications within a range."""
    orders: list[Order] = []
    explained: list[Explained] = []
    swaps: list[Swap] = []
    for each in applications:
        if isinstance(each.body, SwapBody):
            dates = (each.body.worked_date, each.body.off_date)
            if any(first <= day <= last for day in dates):
                swaps.append(swap_of(each.id, each.kind, each.body))
            continue
        for claim in each.claims:
            if not first <= claim.work_date <= last:
                continue
            if each.kind in _ORDERS:
                orders.append(Order(each.id, claim.work_date, _spans(claim)))
            elif (kind := _kind(each, kinds)) is not None:
                explained.append(Explained(each.id, claim.work_date, kind, _spans(claim)))
    return Claims(
        orders=tuple(sorted(orders, key=lambda one: (one.work_date, one.id))),
        explained=tuple(sorted(explained, key=lambda one: (one.work_date, one.id))),
        swaps=tuple(sorted(swaps, key=lambda one: (one.worked_date, one.id))),
    )


def swap_of(application_id: str, kind: ApplicationKind, body: SwapBody) -> Swap:
    """Give the swap that an application asks for."""
    return Swap(application_id, _SWAPS[kind], body.worked_date, body.off_date, body.part)


def swap_kind(kind: ApplicationKind) -> SwapKind:
    """Give which of the two kinds of swaps an application asks for."""
    return _SWAPS[kind]


def _kind(each: Application, kinds: Kinds) -> ExplainedKind | None:
    if each.kind is K.LEAVE:
        kind = kinds.get(getattr(each.body, "leave_kind", ""))
        paid = kind is None or kind.paid
        return ExplainedKind.LEAVE if paid else ExplainedKind.UNPAID_LEAVE
    return _EXPLAINED.get(each.kind)


def _spans(claim: DayClaim) -> Spans:
    return tuple(Span(start, end) for start, end in claim.spans)
