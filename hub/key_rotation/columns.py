"""Every column whose values are sealed under the data keys: what a change of keys seals anew.

A new sealed column takes one line here. A test lists the columns that hold bytes or secrets and
fails for one that stands neither here nor among `NOT_SEALED`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table

from hub.feeds.sealing import content_row, secret_row
from hub.feeds.tables import feeds
from hub.keyboxes.locks import code_row, door_row, maintenance_row
from hub.keyboxes.tables import door_backups, key_box_secrets
from hub.people.card_key_domain import card_key_row, enrolled_key_row, set_row
from hub.people.tables import card_enrolments, card_key_sets, cards
from hub.pins.tables import pin_credentials
from hub.sites.device_keys import sealed_row
from hub.sites.tables import devices
from hub.tabular.staged_repository import staged_row
from hub.tabular.tables import staged_files
from hub.webhooks.secrets import endpoint_row, source_row
from hub.webhooks.tables import webhook_endpoints, webhook_sources


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values. `row` names the row that a value is bound to, from its key columns
    (without the town) and what else stands in `needs`."""

    table: Table
    name: str
    row: Callable[[Any], str]
    needs: tuple[str, ...] = ()

    @property
    def column(self) -> Column[Any]:
        """The column itself."""
        return self.table.c[self.name]

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """What names a row within the town."""
        return tuple(each for each in self.table.primary_key if each.name != "town_id")

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"{self.table.name}.{self.name}"


SEALED: Final = (
    SealedColumn(card_enrolments, "private_key", lambda row: f"card_enrolments:{row.id}"),
    SealedColumn(card_enrolments, "shared_key", lambda row: enrolled_key_row(row.id)),
    SealedColumn(card_key_sets, "master", lambda row: set_row(row.id)),
    SealedColumn(cards, "identity", lambda row: f"cards:{row.id}"),
    SealedColumn(cards, "shared_key", lambda row: card_key_row(row.id)),
    SealedColumn(devices, "secret", lambda row: sealed_row(row.id)),
    SealedColumn(
        door_backups, "secret", lambda row: door_row(row.door_id, row.version), ("version",)
    ),
    SealedColumn(feeds, "secret", lambda row: secret_row(row.id)),
    SealedColumn(feeds, "content", lambda row: content_row(row.id)),
    SealedColumn(key_box_secrets, "code_secret", lambda row: code_row(row.key_box_id, row.version)),
    SealedColumn(
        key_box_secrets, "maintenance", lambda row: maintenance_row(row.key_box_id, row.version)
    ),
    SealedColumn(pin_credentials, "sealed", lambda row: f"pins:{row.id}"),
    SealedColumn(staged_files, "data", lambda row: staged_row(row.purpose, row.owner_id, row.key)),
    SealedColumn(webhook_endpoints, "secret", lambda row: endpoint_row(row.id)),
    SealedColumn(webhook_endpoints, "previous_secret", lambda row: endpoint_row(row.id)),
    SealedColumn(webhook_sources, "secret", lambda row: source_row(row.id)),
    SealedColumn(webhook_sources, "previous_secret", lambda row: source_row(row.id)),
)

NOT_SEALED: Final = {
    "card_offers.sealed": "sealed to the key of its enrolment, until it is looked at",
    "devices.sealed": "sealed to the controller's own key, which the hub does not hold",
    "door_backups.sealed": "sealed to the controller's own key, which the hub does not hold",
    "policy_changes.hash": "a hash",
    "policy_entries.data": "what a controller is sent: digests, nothing to be opened",
    "policy_entries.hash": "a hash",
    "policy_outbox.body": "what a controller is sent",
    "raw_conflicts.body": "what a controller told",
    "raw_conflicts.body_hash": "a hash",
    "raw_events.body": "what a controller told",
    "raw_events.body_hash": "a hash",
}
"""Columns of bytes, or that are called a secret, which no data key has sealed, and why."""
