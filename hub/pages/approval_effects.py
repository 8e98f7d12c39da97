"""What approving several applications does, all of them together: hours of months against their
thresholds and caps, leave that is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.applications.bodies import LeaveBody, WorkBody
from hub.applications.checks import CapFacts
from hub.applications.domain import Application, State
from hub.applications.gathering import takings
from hub.applications.neighbours import Figures
from hub.database.scope import Scope
from hub.leave.domain import Amount
from hub.leave.service import LeaveService, summed
from hub.pages.views.application import amount_text, leave_title
from hub.pages.words import Words


@dataclass(frozen=True, slots=True)
class Effect:
    """One figure after the approval; `over` says what it reaches, `breach`: that it is the cap."""

    label: str
    value: str
    over: str = ""
    breach: bool = False


Months = Mapping[tuple[str, date], int]


def effects(
    scope: Scope,
    found: Sequence[Application],
    figures: Figures,
    leave: LeaveService,
    words: Words,
) -> dict[str, list[Effect]]:
    """Give the figures of each by its id, with every other of `found` approved too."""
    asked: dict[tuple[str, date], int] = defaultdict(int)
    taken: dict[tuple[str, str, int], list[Amount]] = defaultdict(list)
    for each in found:
        if each.state is State.CANCELLING:
            continue
        match each.body:
            case WorkBody() as body:
                spans = [span for claim in each.claims for span in claim.spans]
                key = each.person_id, body.work_date.replace(day=1)
                asked[key] += sum(end - start for start, end in spans)
            case LeaveBody() as body if body.leave_kind in leave.kinds:
                year = leave.year_of(body.leave_kind, body.first)
                amount = summed(takings(each.claims))
                taken[each.person_id, body.leave_kind, year].append(amount)
    return {
        each.id: [
            *_month(scope, each, asked, figures, words),
            *_leave(scope, each, taken, leave, words),
        ]
        for each in found
        if each.state is not State.CANCELLING
    }


def _month(
    scope: Scope, each: Application, asked: Months, figures: Figures, words: Words
) -> list[Effect]:
    if not isinstance(each.body, WorkBody):
        return []
    month = each.body.work_date.replace(day=1)
    cap = figures.caps(scope, [each.person_id], month).get(each.person_id)
    if cap is None:
        return []
    after = cap.counted_min + asked[each.person_id, month]
    value = words.clock(after)
    if cap.cap_min is not None:
        value = words.t("approval.of_cap", counted=value, cap=words.clock(cap.cap_min))
    label = words.t("approval.effect_month", month=month.month)
    return [Effect(label, value, *_reached(after, cap, words))]


def _reached(after: int, cap: CapFacts, words: Words) -> tuple[str, bool]:
    """The highest threshold that is reached, or the cap that is exceeded."""
    if cap.cap_min is not None and after > cap.cap_min:
        return words.t("approval.past_cap", hours=words.clock(cap.cap_min)), True
    reached = [each for each in cap.alerts_min if each <= after]
    return (
        (words.t("approval.past", hours=words.clock(max(reached))), False)
        if reached
        else ("", False)
    )


def _leave(
    scope: Scope,
    each: Application,
    taken: Mapping[tuple[str, str, int], Sequence[Amount]],
    leave: LeaveService,
    words: Words,
) -> list[Effect]:
    body = each.body
    kind = leave.kinds.get(body.leave_kind) if isinstance(body, LeaveBody) else None
    if not isinstance(body, LeaveBody) or kind is None or not kind.balanced:
        return []
    year = leave.year_of(body.leave_kind, body.first)
    left = leave.left_from(scope, each.person_id, body.leave_kind, body.first)
    for amount in taken[each.person_id, body.leave_kind, year]:
        left = left.plus(amount.negative)
    label = words.t("approval.effect_leave", kind=leave_title(kind, words))
    return [Effect(label, amount_text(left, kind, words))]
