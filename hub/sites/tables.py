"""Tables of sites, controllers, zones, doors, devices and readers."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)

from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique
from hub.sites.domain import SiteState
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    DeviceDriver,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
    PunchRule,
    Side,
)


def _id() -> Column[Any]:
    return Column("id", id_text(), primary_key=True)


def _name(column: str = "name") -> Column[Any]:
    return Column(column, String(100), nullable=False)


def _state() -> Column[Any]:
    return Column("state", Closed(SiteState), nullable=False)


def _written() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    )


def _closed(name: str, members: Any) -> Column[Any]:
    return Column(name, Closed(members), nullable=False)


def _number(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


sites: Final = town_table(
    "sites",
    _id(),
    _name(),
    _name("name_en"),
    _name("name_kana"),
    Column("address", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
    _number("horizon_hours"),
    Column("area", String(80), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    *_written(),
    unique("name"),
)

controllers: Final = town_table(
    "controllers",
    _id(),
    Column("site_id", id_text(), nullable=False),
    _name(),
    _name("name_en"),
    _state(),
    _flag("has_rtc"),
    Column("settings", json_document(), nullable=False),
    *_written(),
    belongs_to("site_id", "sites"),
    UniqueConstraint("id"),  # a controller's id is unique across towns: it is its MQTT name
)

zones: Final = town_table(
    "zones",
    _id(),
    Column("site_id", id_text(), nullable=False),
    _name(),
    _name("name_en"),
    _closed("anti_passback", AntiPassback),
    Column("occupancy_max", Integer),
    _flag("soft"),
    Column("forget_after_s", Integer),
    Column("reset_min", Integer),
    Column("tz", String(64), nullable=False),
    Column("forgiven", BigInteger, nullable=False),
    Column("forgiven_at", UtcDateTime),
    *_written(),
    belongs_to("site_id", "sites"),
    unique("site_id", "name"),
)

doors: Final = town_table(
    "doors",
    _id(),
    Column("site_id", id_text(), nullable=False, index=True),
    Column("controller_id", id_text(), nullable=False, index=True),
    _state(),
    _name(),
    _name("name_en"),
    _name("name_kana"),
    Column("key_holder", String(200), nullable=False),
    Column("egress", Text, nullable=False),
    _number("unlock_ms"),
    _number("held_after_ms"),
    _flag("detect_forced"),
    _closed("min_assurance", Assurance),
    _number("min_digits"),
    *(Column(n, Structured(Point)) for n in ("strike", "contact", "bolt", "rex")),
    Column("mechanical_key", Structured(Point)),
    Column("bell", Structured(Point)),
    _closed("fail", FailMode),
    _closed("on_untrusted_clock", OnUntrustedClock),
    _closed("on_journal_failure", OnJournalFailure),
    Column("zone_in", id_text()),
    Column("zone_out", id_text()),
    Column("hold_schedule", id_text(), index=True),
    _closed("first_person", FirstPerson),
    _flag("two_person"),
    _number("second_person_ms"),
    _flag("shelter"),
    Column("interlock", String(64)),
    *_written(),
    belongs_to("site_id", "sites"),
    belongs_to("controller_id", "controllers"),
    belongs_to("zone_in", "zones"),
    belongs_to("zone_out", "zones"),
    belongs_to("hold_schedule", "schedules"),
    unique("site_id", "name"),
)

devices: Final = town_table(
    "devices",
    _id(),
    Column("controller_id", id_text(), nullable=False),
    _state(),
    _name(),
    _closed("driver", DeviceDriver),
    Column("port", String(64), nullable=False),
    _number("address"),
    Column("reader_name", String(128)),
    Column("secret", LargeBinary),
    Column("sealed", Text),
    *_written(),
    belongs_to("controller_id", "controllers"),
    unique("controller_id", "port", "address"),
)

readers: Final = town_table(
    "readers",
    _id(),
    Column("device_id", id_text(), nullable=False),
    Column("door_id", id_text(), index=True),
    _state(),
    _name(),
    _number("channel"),
    _closed("side", Side),
    _flag("keypad"),
    _flag("cards"),
    Column("profiles", Structured(tuple[str, ...]), nullable=False),
    _closed("assurance", Assurance),
    _closed("punch", PunchRule),
    _closed("min_assurance", Assurance),
    _number("key_timeout_ms"),
    _number("max_keys"),
    _number("tries"),
    _number("budget_window_s"),
    _number("lockout_s"),
    _number("lockout_max_s"),
    _number("card_tries"),
    _number("card_window_s"),
    _number("card_lockout_s"),
    _number("card_lockout_max_s"),
    *_written(),
    belongs_to("device_id", "devices"),
    belongs_to("door_id", "doors"),
    unique("device_id", "channel"),
)
