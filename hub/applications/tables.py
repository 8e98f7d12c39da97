"""Tables of applications. Versions and the trail take rows in and never change them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Date, Index, Integer, String

from hub.applications.bodies import ApplicationKind, Body
from hub.applications.domain import DayClaim, State, Step, Told
from hub.database.append_only import append_only
from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.notices.domain import NoticeState
from hub.web.addresses import AddressKind

applications: Final = town_table(
    "applications",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("kind", Closed(ApplicationKind), nullable=False),
    Column("body", Structured(Body), nullable=False),
    Column("state", Closed(State), nullable=False),
    Column("version", Integer, nullable=False),
    Column("steps", Structured(tuple[Step, ...]), nullable=False),
    Column("step", Integer, nullable=False),
    Column("department_id", id_text()),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("claims", Structured(tuple[DayClaim, ...]), nullable=False),
    Column("warnings", Structured(tuple[str, ...]), nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("waiting_since", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("created_by", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""`hub.applications.domain.Application`, as it stands now."""
Index(
    "ix_applications_person",
    applications.c.town_id,
    applications.c.person_id,
    applications.c.first,
)
Index("ix_applications_state", applications.c.town_id, applications.c.state, applications.c.last)

application_versions: Final = town_table(
    "application_versions",
    Column("application_id", id_text(), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Structured(Body), nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
"""What each version said."""
append_only(application_versions)

application_trail: Final = town_table(
    "application_trail",
    Column("application_id", id_text(), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("told", Closed(Told), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("person_id", id_text()),
    Column("for_person_id", id_text()),
    Column("came_from", Closed(AddressKind), nullable=False),
    Column("comment", String(400), nullable=False),
)
"""Who did what, when, for whom and from which kind of address."""
append_only(application_trail)

delegations: Final = town_table(
    "delegations",
    Column("id", id_text(), primary_key=True),
    Column("from_person_id", id_text(), nullable=False, index=True),
    Column("to_person_id", id_text(), nullable=False, index=True),
    Column("kinds", Structured(tuple[ApplicationKind, ...]), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("from_person_id", "people"),
    belongs_to("to_person_id", "people"),
)

chain_rules: Final = town_table(
    "chain_rules",
    Column("id", id_text(), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kinds", Structured(tuple[ApplicationKind, ...]), nullable=False),
    Column("department_id", id_text()),
    Column("employment", String(40)),
    Column("from_min", Integer),
    Column("steps", Structured(tuple[Step, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

reminder_digests: Final = town_table(
    "reminder_digests",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("day", Date, nullable=False),
    Column("state", Closed(NoticeState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    unique("person_id", "day"),
)
"""One person's mail of a day about what is missing; its text is written when it is sent."""
