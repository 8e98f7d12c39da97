"""The story of last month: what was reckoned of it, and what keeps it from being closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from deploy.demo.months import FORGETFUL, OVERTIME_MIN, last_month
from deploy.demo.plan import CARDS
from deploy.demo.running import RunningTown
from deploy.demo.sample import Sample
from deploy.demo.steps import Detail, expect

_DAY_MIN: Final = 465
"""7 h 45 of regular hours, as the standard ordinance has them."""
_SIGNATURES: Final = {"not_signed": sum(card.known for card in CARDS), "head_not_signed": 1}


class MonthStory:
    """Last month's part of the telling."""

    def __init__(self, town: RunningTown, sample: Sample) -> None:
        self._api = town.api
        self._sample = sample
        self._month = last_month(sample.made_on)

    def steps(self) -> list[tuple[str, Callable[[], Detail]]]:
        """The steps in their order."""
        return [
            ("month_reckoned", self.month_reckoned),
            ("closing_blockers_named", self.closing_blockers_named),
        ]

    def month_reckoned(self) -> Detail:
        """Every minute of last month is accounted for: worked, on leave, or missing for want of an
        out; and the evening counts as the overtime that was approved."""
        month = self._month
        path = f"/api/v1/attendance/months/{month.name}?person={self._sample.people[FORGETFUL]}"
        [sheet] = self._api.get(path)
        plain = len(month.days) - 2
        _same("days worked", sheet["days_worked"], plain)
        _same("regular minutes", sheet["regular_min"], plain * _DAY_MIN)
        _same("explained minutes", sheet["explained_min"], {"leave": _DAY_MIN})
        _same("missing minutes", sheet["missing_min"], _DAY_MIN)
        overtime = {one["pay_class"]: one["raw_min"] for one in sheet["totals"]}
        _same("minutes beyond regular hours", overtime, {"overtime": OVERTIME_MIN})
        kept = ("month", "days_worked", "regular_min", "explained_min", "missing_min")
        return {**{name: sheet[name] for name in kept}, "overtime_min": OVERTIME_MIN}

    def closing_blockers_named(self) -> Detail:
        """The forgotten out and the missing signatures stand in the way, each with its page."""
        name = self._month.name
        [line] = self._api.get(f"/api/v1/attendance/closings/{name}")
        _same("what stands in the way", line["blockers"], {"missing_punch": 1, **_SIGNATURES})
        sheet = self._api.get(f"/api/v1/attendance/closings/{name}/{line['department_id']}")
        [forgotten] = [one for one in sheet["blockers"] if one["kind"] == "missing_punch"]
        _same("the forgotten date", forgotten["work_date"], self._month.forgotten.isoformat())
        _same("who forgot", forgotten["person_id"], self._sample.people[FORGETFUL])
        expect(all(one["path"] for one in sheet["blockers"]), "a blocker names no page")
        return {"department": line["name"], "blockers": line["blockers"], "page": forgotten["path"]}


def _same(what: str, found: Any, wanted: Any) -> None:
    expect(found == wanted, f"{what}: {found}, want {wanted}")
