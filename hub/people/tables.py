"""Tables of people, groups, cards, grants, schedules and holiday calendars."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
)

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.people.domain import CalendarSource, CardState, NamedDay
from hub.people.enrolment_domain import EnrolmentState, Refusal
from wire.policy_bodies import Assurance, DateException, DaySpan, EntryState, WeekSpan


def _id() -> Column[Any]:
    return Column("id", id_text(), primary_key=True)


def _name(column: str = "name", length: int = 100) -> Column[Any]:
    return Column(column, String(length), nullable=False)


def _written() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    )


people: Final = town_table(
    "people",
    _id(),
    _name(),
    _name("name_kana"),
    _name("name_en"),
    Column("staff_number", String(40)),
    _name("organisation"),
    Column("state", Closed(EntryState), nullable=False),
    Column("anti_passback_exempt", Boolean, nullable=False),
    Column("long_unlock", Boolean, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("forgiven", BigInteger, nullable=False),
    Column("forgiven_at", UtcDateTime),
    *_written(),
    unique("staff_number"),
)

groups: Final = town_table("groups", _id(), _name(), _name("name_en"), *_written(), unique("name"))

group_members: Final = town_table(
    "group_members",
    Column("group_id", id_text(), primary_key=True),
    Column("person_id", id_text(), primary_key=True, index=True),
    belongs_to("group_id", "groups"),
    belongs_to("person_id", "people"),
)

card_key_sets: Final = town_table(
    "card_key_sets",
    _id(),
    _name(),
    Column("profile", String(64), nullable=False),
    Column("application", String(62), nullable=False),
    Column("master", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("renewed_at", UtcDateTime),
    *_written(),
    unique("name"),
)

cards: Final = town_table(
    "cards",
    _id(),
    Column("person_id", id_text(), index=True),
    Column("namespace", String(32), nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("identity_index", String(64), nullable=False),
    _name("label"),
    Column("profile", String(128)),
    Column("public_key", String(200)),
    Column("state", Closed(CardState), nullable=False),
    _name("state_reason", 200),
    Column("state_changed_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime),
    Column("replaces_id", id_text()),
    Column("assurance", Closed(Assurance)),
    Column("reader_id", id_text()),
    Column("key_set_id", id_text(), index=True),
    Column("key_version", Integer),
    Column("shared_key", LargeBinary),
    *_written(),
    belongs_to("person_id", "people"),
    belongs_to("key_set_id", "card_key_sets"),
    unique("identity_index"),
)

card_enrolments: Final = town_table(
    "card_enrolments",
    _id(),
    Column("reader_id", id_text(), nullable=False, index=True),
    Column("controller_id", id_text(), nullable=False, index=True),
    Column("person_id", id_text()),
    _name("label"),
    Column("valid_until", UtcDateTime),
    Column("replaces_id", id_text()),
    Column("state", Closed(EnrolmentState), nullable=False, index=True),
    Column("public_key", String(100), nullable=False),
    Column("private_key", LargeBinary),
    Column("started_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(80), nullable=False),
    _name("actor_name"),
    Column("card_id", id_text()),
    Column("refusal", Closed(Refusal), nullable=False),
    Column("refused_card_id", id_text()),
    Column("first_index", String(64), nullable=False),
    Column("first_read", LargeBinary),
    Column("candidates", String(200), nullable=False),
    Column("key_set_id", id_text()),
    Column("profile", String(128)),
    Column("shared_key", LargeBinary),
    belongs_to("person_id", "people"),
    belongs_to("key_set_id", "card_key_sets"),
)

card_offers: Final = town_table(
    "card_offers",
    Column("id", String(64), primary_key=True),
    Column("enrolment_id", id_text(), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("sealed", String(1600), nullable=False),
    Column("assurance", Closed(Assurance), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""Cards that controllers told of, for the moment until they are looked at."""

calendars: Final = town_table(
    "calendars",
    _id(),
    _name(),
    _name("name_en"),
    Column("source", Closed(CalendarSource), nullable=False),
    Column("added", Structured(tuple[NamedDay, ...]), nullable=False),
    Column("removed", Structured(tuple[date, ...]), nullable=False),
    *_written(),
    unique("name"),
)

schedules: Final = town_table(
    "schedules",
    _id(),
    _name(),
    _name("name_en"),
    Column("tz", String(64), nullable=False),
    Column("week", Structured(tuple[WeekSpan, ...]), nullable=False),
    Column("calendar_id", id_text()),
    Column("holiday_spans", Structured(tuple[DaySpan, ...]), nullable=False),
    Column("exceptions", Structured(tuple[DateException, ...]), nullable=False),
    *_written(),
    belongs_to("calendar_id", "calendars"),
    unique("name"),
)

grants: Final = town_table(
    "grants",
    _id(),
    Column("door_id", id_text(), index=True),
    Column("zone_id", id_text(), index=True),
    Column("person_id", id_text(), index=True),
    Column("group_id", id_text(), index=True),
    Column("card_id", id_text(), index=True),
    Column("start_at", UtcDateTime),
    Column("end_at", UtcDateTime),
    Column("schedule_id", id_text(), index=True),
    Column("needs_pin", Boolean, nullable=False),
    Column("first_person", Boolean, nullable=False),
    Column("max_uses", Integer),
    Column("soft", Boolean, nullable=False),
    Column("escorts", Structured(tuple[str, ...]), nullable=False),
    Column("escort_s", Integer, nullable=False),
    Column("state", Closed(EntryState), nullable=False),
    _name("note", 200),
    *_written(),
    belongs_to("door_id", "doors"),
    belongs_to("zone_id", "zones"),
    belongs_to("person_id", "people"),
    belongs_to("group_id", "groups"),
    belongs_to("card_id", "cards"),
    belongs_to("schedule_id", "schedules"),
    CheckConstraint(
        "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END)"
        " + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END)"
        " + (CASE WHEN card_id IS NULL THEN 0 ELSE 1 END) = 1",
        name="one_subject",
    ),
    CheckConstraint("(door_id IS NULL) <> (zone_id IS NULL)", name="one_place"),
    CheckConstraint("start_at IS NULL OR end_at IS NULL OR start_at < end_at", name="window"),
)
Index("ix_grants_start", grants.c.town_id, grants.c.start_at)
