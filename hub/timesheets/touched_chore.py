"""The chore that looks at dates about which something was written: a closed month gets adjustments,
an open one its divergences and alerts. Once a day it looks at everybody's last date as well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from hub.attendance.domain import work_date_of
from hub.attendance.touched import TouchedSpan, any_span, oldest_spans, take_spans, touch_spans
from hub.clock import Clock
from hub.database.scope import Scope
from hub.timesheets import alert_repository
from hub.timesheets import closing_repository as closed
from hub.timesheets.adjusting import Adjusting
from hub.timesheets.alert_service import raise_alerts
from hub.timesheets.divergence_service import compare_month
from hub.timesheets.gathering import months_between
from hub.timesheets.sources import Sources
from hub.web.core import Services
from hub.worktime.domain import DayFile, Month, month_of

SPANS: Final = 40
MONTHS: Final = 20
"""About so many people's months in one transaction: nobody else writes meanwhile on SQLite."""
AROUND: Final = timedelta(days=7)
"""Weeks and shifts reach so far over a month's ends."""
_SWEEP: Final = "divergences"


class SettleTouched:
    """Settles what was touched, a few people at a time."""

    def __init__(self, clock: Clock, services: Services) -> None:
        self._clock = clock
        self._sources = services.get(Sources)
        self._adjusting = services.get(Adjusting)

    def is_due(self, scope: Scope) -> bool:
        """Whether something was written about a date that is over, or a date is over now."""
        today = work_date_of(self._clock.now())
        return self._sweeps(scope, today) or any_span(scope, today)

    def run(self, scope: Scope) -> object:
        """Settle some of it."""
        now = self._clock.now()
        today = work_date_of(now)
        if self._sweeps(scope, today):
            self._sweep(scope, today)
            return 0
        wanted: dict[Month, set[str]] = {}
        taken: list[TouchedSpan] = []
        for span in oldest_spans(scope, SPANS, today):
            if taken and sum(map(len, wanted.values())) >= MONTHS:
                break
            taken.append(span)
            for month in _months(span, today):
                wanted.setdefault(month, set()).add(span.person_id)
        take_spans(scope, taken)
        pairs = [(each, month) for month in wanted for each in sorted(wanted[month])]
        self._adjusting.hold(scope, pairs)
        for month in sorted(wanted):
            self._month(scope, month, sorted(wanted[month]))
        return len(taken)

    def _month(self, scope: Scope, month: Month, people: list[str]) -> None:
        now, ids = self._clock.now(), self._adjusting.ids
        still_open = []
        for each in people:
            self._adjusting.settle(scope, each, month, now)
            if closed.closed_month(scope, each, str(month)) is None:
                still_open.append(each)
        derived = self._sources.derivation.months(scope, month, still_open) if still_open else {}
        for found in derived.values():
            compare_month(scope, self._sources, ids, found, now)
            raise_alerts(scope, ids, found, _department(found.file.days), now)

    def _sweeps(self, scope: Scope, today: date) -> bool:
        through = alert_repository.swept_through(scope, _SWEEP)
        return through is None or through < today - timedelta(days=1)

    def _sweep(self, scope: Scope, today: date) -> None:
        """Have everybody's dates that are over since looked at, at most those of a month."""
        yesterday = today - timedelta(days=1)
        through = alert_repository.swept_through(scope, _SWEEP)
        since = yesterday if through is None else through + timedelta(days=1)
        first = max(since, yesterday - timedelta(days=31))
        placed = self._sources.staffing.placed(scope, month_of(yesterday), True)
        touch_spans(scope, placed, first, yesterday, self._clock.now())
        alert_repository.keep_swept(scope, _SWEEP, yesterday)


def _months(span: TouchedSpan, today: date) -> list[Month]:
    """The months at which a span reaches, as far as they have begun."""
    first = month_of(span.first_on - AROUND)
    last = min(month_of(span.last_on + AROUND), month_of(today))
    return months_between(first, last)


def _department(days: Iterable[DayFile]) -> str:
    """Where somebody is on the last date on which they are employed."""
    held = [each.terms.department_id for each in days if each.terms is not None]
    return held[-1] if held else ""
