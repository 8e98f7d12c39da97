"""The secrets of key boxes: drawn by the hub, kept sealed, changed through a ticket.

Version 0 is a maintenance secret for the bench alone. Version 1 and on have both secrets and reach
the box in an envelope; the hub keeps old and new until the box's own log says that it took the
new, and makes codes under the new ones as soon as whoever brought them says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hub.database.scope import Scope
from hub.keyboxes import repository
from hub.keyboxes.domain import KeyBox
from hub.keyboxes.locks import Locks, code_row, maintenance_row
from hub.keyboxes.repository import BoxSecret
from hub.keys import HubKeys
from wire.keybox_keys import IV_LENGTH, KEY_LENGTH, MaintenanceSecret, SecretBundle, SecretEnvelope

_Entropy = Callable[[int], bytes]


class BoxSecrets:
    """Draws, keeps and packs secrets. None leaves it but to the bench, and packed."""

    def __init__(self, keys: HubKeys, entropy: _Entropy = secrets.token_bytes) -> None:
        self._keys = keys
        self._entropy = entropy
        self.locks: Final = Locks(keys)

    def draw_first(self, scope: Scope, box_id: str, now: datetime) -> None:
        """Draw a new box's secrets: one for the bench, and the first of its own."""
        self.draw_bench(scope, box_id, now)
        self._draw(scope, box_id, 1, 0, now)

    def draw_bench(self, scope: Scope, box_id: str, now: datetime) -> None:
        """Draw the secret for the bench, in place of one that was drawn before."""
        repository.forget_secrets_before(scope, box_id, 1)
        row = maintenance_row(box_id, 0)
        maintenance = self._keys.seal(self._entropy(KEY_LENGTH), row)
        repository.add_secret(scope, BoxSecret(box_id, 0, None, maintenance, 0, now))

    def draw_next(self, scope: Scope, box: KeyBox, now: datetime) -> int:
        """Draw the next secrets of a box, at its present generation; give their version."""
        version = repository.newest_version(scope, box.id) + 1
        self._draw(scope, box.id, version, box.generation, now)
        return version

    def _draw(
        self, scope: Scope, box_id: str, version: int, generation: int, now: datetime
    ) -> None:
        made = BoxSecret(
            box_id,
            version,
            self._keys.seal(self._entropy(KEY_LENGTH), code_row(box_id, version)),
            self._keys.seal(self._entropy(KEY_LENGTH), maintenance_row(box_id, version)),
            generation,
            now,
        )
        repository.add_secret(scope, made)

    def maintenance(self, scope: Scope, box_id: str, version: int) -> MaintenanceSecret | None:
        """Give a maintenance secret; None where that version is not kept."""
        found = self.locks.maintenance_of(scope, box_id, version)
        return None if found is None else MaintenanceSecret(found)

    def envelope(
        self, scope: Scope, box: KeyBox, under: MaintenanceSecret, version: int
    ) -> SecretEnvelope:
        """Pack the secrets of a version for a box that has another now."""
        kept = repository.secret(scope, box.id, version)
        assert kept is not None  # noqa: S101  # the caller read that version in this transaction
        assert kept.code_secret is not None  # noqa: S101  # only version 0 has none
        bundle = SecretBundle(
            code_secret=self._keys.unseal(kept.code_secret, code_row(box.id, version)),
            maintenance=self._keys.unseal(kept.maintenance, maintenance_row(box.id, version)),
            profile=box.its_profile.number,
            generation=kept.generation,
        )
        return under.wrap_key(box.id).seal(version, self._entropy(IV_LENGTH), bundle)
