"""Builds the services of key boxes: for `hub.bootstrap`."""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.keyboxes.backups import DoorBackups
from hub.keyboxes.codes import OfflineCodes
from hub.keyboxes.secrets import BoxSecrets
from hub.keyboxes.service import KeyBoxes
from hub.web.core import Core, Services


def add_keyboxes(core: Core, services: Services) -> None:
    """Add `KeyBoxes` and `DoorBackups`; `AuditedRows` is there already."""
    services.add(DoorBackups(core.db, core.clock, core.keys))
    codes = OfflineCodes(core.clock, core.ids, core.keys)
    services.add(
        KeyBoxes(
            core.db,
            core.clock,
            core.ids,
            services.get(AuditedRows),
            BoxSecrets(core.keys),
            codes,
        )
    )
