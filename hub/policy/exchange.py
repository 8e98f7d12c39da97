"""What the hub and a controller say to one another about the policy.

`held` goes into the welcome; `answer_want` gives the delta or snapshot asked for; `on_reported`
compares digests, which alone proves what a door holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeAlias

import structlog

from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.pins import confirmation
from hub.policy import hub_epoch, reports, repository
from hub.policy.packing import PolicyHead, pack_delta, pack_snapshot
from hub.policy.reports import Report
from wire.messages import HeldPolicy, PolicyChunk, PolicyDelta, Rejected, Reported
from wire.policy import EntryKey, PolicyDigest

PolicyMessage: TypeAlias = PolicyDelta | PolicyChunk

MAX_REPAIRS: Final = 3
"""So many snapshots in a row are sent for a digest that is not the desired one; then the alarm
stands and a person looks. The count begins anew when the digest is right again."""

_log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """What a report comes to."""

    MATCHES = "matches"
    MISMATCH = "mismatch"
    OTHER_EPOCH = "other_epoch"
    """It holds the policy of an older life of this database; its next want brings it along."""
    NOT_KEPT = "not_kept"
    """So old a version that its digest is no longer known."""
    AHEAD = "ahead"
    """A version that was never made: the database was restored without a new hub epoch."""


class PolicyExchange:
    """Answers controllers. Each call is part of the caller's transaction."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def epoch(self, scope: Scope) -> int | None:
        """Give the present hub epoch; None where none was opened."""
        return hub_epoch.number(scope)

    def held(self, scope: Scope, controller_id: str) -> tuple[int, HeldPolicy]:
        """Give the present hub epoch (0 before the first), and the version and digest the
        controller should hold."""
        return hub_epoch.number(scope) or 0, repository.held(scope, controller_id)

    def answer_want(
        self, scope: Scope, controller_id: str, session: str, from_version: int | None
    ) -> list[PolicyMessage]:
        """Give the delta from that version, or the snapshot where it asks for one, its version is
        not kept or not ours, or the delta would not fit."""
        epoch, held = self.held(scope, controller_id)
        head = PolicyHead(epoch, held.version, held.digest)
        if from_version and from_version <= held.version:
            delta = self._delta(scope, controller_id, head, from_version)
            if delta is not None:
                return [delta]
        return list(self._snapshot(scope, controller_id, head, session))

    def on_reported(
        self, scope: Scope, controller_id: str, reported: Reported, session: str | None = None
    ) -> list[PolicyMessage]:
        """Take a report: confirm placements if its digest is right; give what to send if not.

        A repair is given only for a `session` it can name, and `MAX_REPAIRS` times in a row.
        """
        epoch, held = self.held(scope, controller_id)
        verdict, expected = self._judge(scope, controller_id, reported, epoch, held)
        before = reports.last(scope, controller_id)
        wrong = verdict in (Verdict.MISMATCH, Verdict.AHEAD)
        mismatches = (before.mismatches if before else 0) + 1 if wrong else 0
        matches = verdict is Verdict.MATCHES
        proven = before.confirmed_version if before and before.hub_epoch == epoch else 0
        now = self._clock.now()
        report = Report(
            hub_epoch=reported.hub_epoch,
            version=reported.version,
            digest=reported.digest,
            matches=matches,
            mismatches=mismatches,
            reported_at=now,
            confirmed_version=max(proven, reported.version) if matches else proven,
        )
        reports.keep(scope, controller_id, report)
        if matches:
            cured = before is None or not before.matches or before.hub_epoch != epoch
            self._confirm(scope, controller_id, reported, cured=cured)
            return []
        if not wrong:
            return []
        _log.error("policy_digest_mismatch", controller=controller_id, version=reported.version)
        reports.raise_alarm(scope, self._ids.new(), controller_id, reported, expected, now)
        confirmation.mismatch(scope, controller_id)
        if session is None or mismatches > MAX_REPAIRS:
            return []
        head = PolicyHead(epoch, held.version, held.digest)
        return list(self._snapshot(scope, controller_id, head, session))

    def _confirm(
        self, scope: Scope, controller_id: str, reported: Reported, *, cured: bool
    ) -> None:
        """Take what a right digest proves. `cured`: the one before was not right, so anything that
        the controller holds may have been in doubt."""
        formerly = reports.rejections(scope, controller_id)
        if formerly or reported.rejected:
            reports.replace_rejections(scope, controller_id, reported.rejected)
        for item in reported.rejected:
            _log.warning(
                "policy_entry_rejected",
                controller=controller_id,
                kind=item.kind,
                entry=item.id,
                reason=item.reason.value,
            )
        rejected = {EntryKey(item.kind, item.id) for item in reported.rejected}
        confirmation.confirm(
            scope,
            controller_id,
            reported.version,
            rejected,
            self._clock.now(),
            formerly=None if cured else formerly.keys(),
        )

    def _judge(
        self, scope: Scope, controller_id: str, reported: Reported, epoch: int, held: HeldPolicy
    ) -> tuple[Verdict, str]:
        if reported.hub_epoch != epoch:
            return Verdict.OTHER_EPOCH, ""
        if reported.version > held.version:
            return Verdict.AHEAD, held.digest
        expected = self._expected(scope, controller_id, reported.version, reported.rejected)
        if expected is None:
            return Verdict.NOT_KEPT, ""
        if expected == reported.digest:
            return Verdict.MATCHES, expected
        return Verdict.MISMATCH, expected

    def _expected(
        self, scope: Scope, controller_id: str, version: int, rejected: Sequence[Rejected]
    ) -> str | None:
        """Desired minus rejected at a version. An entry it never got cannot be rejected: its hash
        is not taken out, and the digests differ as they should."""
        desired = repository.digest_at(scope, controller_id, version)
        if desired is None:
            return None
        digest = PolicyDigest.from_hex(desired)
        for key, rev in {(EntryKey(item.kind, item.id), item.rev) for item in rejected}:
            left_out = repository.hash_of(scope, controller_id, key, rev)
            if left_out is not None:
                digest.remove(left_out)
        return digest.hex

    def _delta(
        self, scope: Scope, controller_id: str, head: PolicyHead, from_version: int
    ) -> PolicyDelta | None:
        if repository.digest_at(scope, controller_id, from_version) is None:
            return None
        keys = repository.changed_since(scope, controller_id, from_version)
        put = repository.entries(scope, controller_id, keys)
        gone = keys - {entry.key for entry in put}
        return pack_delta(head, from_version, [entry.data for entry in put], sorted(gone))

    def _snapshot(
        self, scope: Scope, controller_id: str, head: PolicyHead, session: str
    ) -> list[PolicyChunk]:
        found = repository.entries(scope, controller_id)
        return pack_snapshot(head, session, [entry.data for entry in found])
