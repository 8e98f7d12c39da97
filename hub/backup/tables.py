"""When this database was put back from a backup, and whether somebody has looked at it since."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column

from hub.database.columns import UtcDateTime
from hub.database.tables import town_table

restores: Final = town_table(
    "restores",
    Column("hub_epoch", BigInteger, primary_key=True),
    Column("taken_at", UtcDateTime),
    Column("restored_at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
)
"""`hub_epoch` is the one the restore opened, `taken_at` the backup's instant where it is known.
Until `released_at` no policy is sent: doors keep the newer one that they hold."""
