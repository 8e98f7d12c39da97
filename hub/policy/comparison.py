"""What a controller should hold beside what it has proven to hold: for people who ask why a door
does not know something yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.database.engine import Database
from hub.database.scope import Scope
from hub.policy import hub_epoch, reports, repository
from hub.policy.connections import Connections
from hub.sites import repository as site_rows
from hub.sites.domain import SiteState
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal
from wire.policy import EntryKey

MOST: int = 500
"""So many differences are listed; `PolicyComparison.waiting` counts all."""


class PolicyStanding(StrEnum):
    """How a controller's policy stands."""

    EQUAL = "equal"
    """Its digest proves that it holds the newest version, but for what it left out."""
    BEHIND = "behind"
    """It has proven an older version; the differences are what it has not proven yet."""
    MISMATCH = "mismatch"
    """Its digest is not that of the version it names: nothing it holds can be relied on."""
    NEVER_HEARD = "never_heard"


class DifferenceKind(StrEnum):
    """What is different about an entry."""

    PUT = "put"
    """Made or changed, and not proven."""
    DROP = "drop"
    """Taken away, and not proven."""
    REJECTED = "rejected"
    """The controller left it out of its index and said why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that a controller is not proven to hold as it should."""

    key: EntryKey
    kind: DifferenceKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Desired and reported, side by side. Digests are 64 hexadecimal digits."""

    controller_id: str
    standing: PolicyStanding
    connected: bool
    desired_version: int
    desired_digest: str
    proven_version: int
    reported_version: int | None
    reported_digest: str | None
    reported_at: datetime | None
    entries: int
    waiting: int
    differences: tuple[Difference, ...]


class PolicyComparisons:
    """Compares. Reads only: bringing a controller up to date is the exchange's own business."""

    def __init__(self, db: Database, connections: Connections) -> None:
        self._db = db
        self._connections = connections

    def of(self, who: Principal, controller_id: str) -> Comparison:
        """Compare one controller; raise `not_found` for one that is none or not theirs."""
        with self._db.read() as scope:
            found = site_rows.controller(scope, controller_id)
            if found is None or not who.reaches(found.site_id):
                raise Problem(NOT_FOUND, "no such controller")
            return self._compare(scope, controller_id)

    def all(self, who: Principal) -> list[Comparison]:
        """Compare every controller in use that somebody may see, without their differences."""
        with self._db.read() as scope:
            return [
                self._compare(scope, each.id, differences=False)
                for each in site_rows.active_controllers(scope)
                if each.state is SiteState.ACTIVE and who.reaches(each.site_id)
            ]

    def _compare(self, scope: Scope, controller_id: str, *, differences: bool = True) -> Comparison:
        held = repository.held(scope, controller_id)
        report = reports.last(scope, controller_id)
        ours = report is not None and report.hub_epoch == hub_epoch.number(scope)
        proven = report.confirmed_version if report is not None and ours else 0
        changed = repository.changed_since(scope, controller_id, proven)
        rejected = reports.rejections(scope, controller_id)
        listed: tuple[Difference, ...] = ()
        if differences:
            listed = tuple(_differences(scope, controller_id, changed, rejected))
        return Comparison(
            controller_id=controller_id,
            standing=_standing(report, ours=ours, proven=proven, desired=held.version),
            connected=bool(self._connections.of(scope, [controller_id])),
            desired_version=held.version,
            desired_digest=held.digest,
            proven_version=proven,
            reported_version=report.version if report else None,
            reported_digest=report.digest if report else None,
            reported_at=report.reported_at if report else None,
            entries=repository.count(scope, controller_id),
            waiting=len(changed | rejected.keys()),
            differences=listed[:MOST],
        )


def _standing(
    report: reports.Report | None, *, ours: bool, proven: int, desired: int
) -> PolicyStanding:
    if report is None:
        return PolicyStanding.NEVER_HEARD
    if ours and report.mismatches:
        return PolicyStanding.MISMATCH
    return PolicyStanding.EQUAL if ours and proven >= desired else PolicyStanding.BEHIND


def _differences(
    scope: Scope, controller_id: str, changed: set[EntryKey], rejected: dict[EntryKey, str]
) -> list[Difference]:
    wanted = {each.key for each in repository.entries(scope, controller_id, changed)}
    found = [
        Difference(key, DifferenceKind.PUT if key in wanted else DifferenceKind.DROP)
        for key in sorted(changed, key=_place)
    ]
    return found + [
        Difference(key, DifferenceKind.REJECTED, reason)
        for key, reason in sorted(rejected.items(), key=lambda each: _place(each[0]))
        if key not in changed
    ]


def _place(key: EntryKey) -> tuple[str, str]:
    return key.kind, key.id
