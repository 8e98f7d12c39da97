"""The hub epoch: which life of the database this is, with the CA's word for it.

Provisioning opens an epoch and writes its proof to a file; here it is taken up into the database.
A restored database opens the next one, so that no controller mistakes its older numbers for newer.
"""

from __future__ import annotations

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.policy.tables import hub_epochs
from wire.messages import EpochProof


class HubEpochError(Exception):
    """The database has no hub epoch, or one that the proof at hand is older than."""


def current(scope: Scope) -> EpochProof:
    """Give the present hub epoch with its proof; raise `HubEpochError` where none was opened."""
    row = scope.one(scope.select(hub_epochs).order_by(hub_epochs.c.hub_epoch.desc()).limit(1))
    if row is None:
        raise HubEpochError("no hub epoch: write hub-epoch.json with `kagimori-provision hub init`")
    return EpochProof(hub_epoch=row.hub_epoch, opened_at=row.opened_at, signature=row.signature)


def number(scope: Scope) -> int | None:
    """Give the number of the present hub epoch; None where none was opened."""
    newest: int | None = scope.scalar(scope.select(sa.func.max(hub_epochs.c.hub_epoch)))
    return newest


def ensure(scope: Scope, proof: EpochProof) -> EpochProof:
    """Take up a proof if it is newer than what the database has; give the present one.

    Raises `HubEpochError` for a proof older than the database's: the key files are an older copy.
    """
    newest = number(scope)
    if newest is not None and proof.hub_epoch < newest:
        raise HubEpochError(
            f"hub-epoch.json says {proof.hub_epoch}, the database {newest}: restore the newer file"
        )
    if newest is None or proof.hub_epoch > newest:
        scope.insert(
            hub_epochs,
            {
                "hub_epoch": proof.hub_epoch,
                "opened_at": proof.opened_at,
                "signature": proof.signature,
            },
        )
    return current(scope)
