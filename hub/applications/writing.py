"""Writes down what was done with an application: its trail, the audit log, what happened."""

from __future__ import annotations

from typing import Final

from hub.applications import repository
from hub.applications.domain import Application, Told, TrailEntry
from hub.audit.service import record
from hub.database.scope import STORY, Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.web.core import Core
from hub.web.rights import Principal

_HAPPENED: Final = {
    Told.APPROVED: HappeningKind.APPLICATION_APPROVED,
    Told.RETURNED: HappeningKind.APPLICATION_RETURNED,
    Told.REJECTED: HappeningKind.APPLICATION_REJECTED,
    Told.CANCELLED: HappeningKind.APPLICATION_CANCELLED,
}
COMMENT_MAX: Final = 400


class Writer:
    """For services that hold an application's row."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def tell(
        self,
        scope: Scope,
        who: Principal,
        application: Application,
        told: Told,
        *,
        for_person_id: str | None = None,
        comment: str = "",
    ) -> None:
        """Add to the trail; comments stay there and out of the audit log."""
        scope.lock(STORY)
        now = self._core.clock.now()
        entry = TrailEntry(
            application_id=application.id,
            seq=repository.last_seq(scope, application.id) + 1,
            version=application.version,
            step=application.step,
            told=told,
            at=now,
            actor=who.actor,
            person_id=who.person_id,
            for_person_id=for_person_id if for_person_id != who.person_id else None,
            came_from=who.came_from,
            comment=comment.strip()[:COMMENT_MAX],
        )
        repository.add_to_trail(scope, [entry])
        said = {
            "kind": application.kind.value,
            "version": application.version,
            "step": application.step,
            "for": entry.for_person_id,
        }
        target = ("application", application.id)
        record(scope, now, who, f"application.{told.value}", target, said)
        if told in _HAPPENED:
            self._happened(scope, who, application, _HAPPENED[told])

    def happened_submitted(self, scope: Scope, who: Principal, application: Application) -> None:
        """Tell that something waits for its approval."""
        self._happened(scope, who, application, HappeningKind.APPLICATION_SUBMITTED)

    def _happened(
        self, scope: Scope, who: Principal, application: Application, kind: HappeningKind
    ) -> None:
        details = {
            "kind": application.kind.value,
            "person_id": application.person_id,
            "first": application.first.isoformat(),
            "last": application.last.isoformat(),
        }
        subject = Subject(other_id=application.id)
        tell(scope, self._core.clock.now(), kind, subject, who.actor, details)
