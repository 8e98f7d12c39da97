"""The rules of key boxes as rows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement

from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes.domain import KeyBox
from hub.keyboxes.tables import key_boxes
from hub.sites.domain import SiteState
from hub.sites.kinds import SITE
from hub.web.problems import invalid
from wire.offline_profiles import PROFILES


def _within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return key_boxes.c.site_id.in_(site_ids)


def _check(scope: Scope, before: KeyBox | None, after: KeyBox) -> None:
    if after.profile not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        raise invalid("profile", "unknown", f"takes {known}: each keeps within 1 in 100,000 a try")
    if before is None or after.state is not SiteState.REMOVED:
        return
    if code_rows.living_codes(scope, after.id, after.updated_at):
        raise invalid("state", "has_codes", "bookings have codes of it: move or cancel them first")


KEY_BOX: Final = RowKind(
    "key_box", key_boxes, KeyBox, within=_within, references={"site_id": SITE}, check=_check
)
