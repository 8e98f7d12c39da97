"""What holds for a facility's notices: its own rule, over its site's, over the town's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.notices.domain import PinInNotice, Rules
from hub.notices.settings import NoticesSettings
from hub.notices.tables import notice_rules
from hub.sites import repository as sites
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class OwnRule:
    """What a site or facility has otherwise; None and empty: as the next wider has it."""

    reminder_h: int | None = None
    pin_in_notice: PinInNotice | None = None
    closing: tuple[str, str, str] = ("", "", "")


def own_rule(scope: Scope, of_id: str) -> OwnRule:
    """Give the rule of a site or facility."""
    row = scope.one(scope.select(notice_rules).where(notice_rules.c.of_id == of_id))
    return OwnRule() if row is None else _rule(row)


def _rule(row: Any) -> OwnRule:
    closing = (row.closing_ja, row.closing_easy, row.closing_en)
    return OwnRule(row.reminder_h, row.pin_in_notice, closing)


def rules_for(
    scope: Scope, settings: NoticesSettings, site_id: str, facility_id: str | None
) -> Rules:
    """Give what holds for a facility of a site."""
    found = Rules(settings.reminder_h, settings.pin_in_notice)
    for of_id in (site_id, facility_id):
        own = own_rule(scope, of_id) if of_id else OwnRule()
        found = Rules(
            found.reminder_h if own.reminder_h is None else own.reminder_h,
            own.pin_in_notice or found.pin_in_notice,
            own.closing if any(own.closing) else found.closing,
        )
    return found


def longest_reminder_h(scope: Scope, settings: NoticesSettings) -> int:
    """Give how far ahead any reminder of the town is due, in hours."""
    most = scope.scalar(scope.select(sa.func.max(notice_rules.c.reminder_h)))
    return max(settings.reminder_h, int(most or 0))


class NoticeRules:
    """Reads and changes the rules of sites and facilities."""

    def __init__(self, db: Database, clock: Clock, settings: NoticesSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings

    def get(self, who: Principal, kind: str, of_id: str) -> tuple[OwnRule, Rules]:
        """Give the own rule of a `site` or `facility`, and what holds for it."""
        with self._db.read() as scope:
            return self._both(scope, *_place(scope, who, kind, of_id), of_id)

    def put(self, who: Principal, kind: str, of_id: str, rule: OwnRule) -> tuple[OwnRule, Rules]:
        """Replace it; what is in the outbox follows it when it is due."""

        def write(scope: Scope) -> tuple[OwnRule, Rules]:
            site_id, facility_id = _place(scope, who, kind, of_id)
            ja, easy, en = rule.closing
            row = {
                "of_id": of_id,
                "reminder_h": rule.reminder_h,
                "pin_in_notice": rule.pin_in_notice,
                "closing_ja": ja,
                "closing_easy": easy,
                "closing_en": en,
            }
            scope.upsert(notice_rules, row, key=("of_id",))
            said = {"reminder_h": rule.reminder_h, "pin_in_notice": rule.pin_in_notice}
            record(scope, self._clock.now(), who, "notices.rule_changed", (kind, of_id), said)
            return self._both(scope, site_id, facility_id, of_id)

        return self._db.write(write)

    def _both(
        self, scope: Scope, site_id: str, facility_id: str | None, of_id: str
    ) -> tuple[OwnRule, Rules]:
        return own_rule(scope, of_id), rules_for(scope, self._settings, site_id, facility_id)


def _place(scope: Scope, who: Principal, kind: str, of_id: str) -> tuple[str, str | None]:
    """Give site and facility, as far as somebody reaches them."""
    facility = booking_rows.facility(scope, of_id) if kind == "facility" else None
    if facility is not None and who.reaches(facility.site_id):
        return facility.site_id, facility.id
    site = sites.site(scope, of_id) if kind == "site" else None
    if site is not None and who.reaches(site.id):
        return site.id, None
    raise Problem(NOT_FOUND, f"no such {kind}")
