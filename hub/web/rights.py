"""Who may do what: rights, the roles that bundle them, and the principal who carries them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.web.addresses import AddressKind


class Right(StrEnum):
    """The closed list of rights. Every route names the one it needs."""

    SITES_READ = "sites:read"
    SITES_WRITE = "sites:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    CARDS_BLOCK = "cards:block"
    GRANTS_READ = "grants:read"
    GRANTS_WRITE = "grants:write"
    BOOKINGS_READ = "bookings:read"
    BOOKINGS_WRITE = "bookings:write"
    BOOKINGS_APPROVE = "bookings:approve"
    BOOKINGS_IMPORT = "bookings:import"
    """Feeds and CSV files of a town's own booking system: set up, tried, confirmed."""
    NOTICES_READ = "notices:read"
    NOTICES_SEND = "notices:send"
    """What is sent to residents: templates, sending again."""
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PINS_REVEAL = "pins:reveal"
    DOORS_READ = "doors:read"
    DOORS_UNLOCK = "doors:unlock"
    DOORS_MODE = "doors:mode"
    DOORS_TEST = "doors:test"
    BATTERIES_READ = "batteries:read"
    BATTERIES_WRITE = "batteries:write"
    """Who may record that cells were replaced, and what a device runs on."""
    EMERGENCIES = "emergencies:order"
    KEY_BOXES_SERVICE = "key_boxes:service"
    """Tickets for visits, and letting codes die."""
    ZONES_FORGIVE = "zones:forgive"
    """Who may have a zone, or everybody's doors, forget where somebody is."""
    ENTRIES_READ = "entries:read"
    ATTENDANCE_READ = "attendance:read"
    ATTENDANCE_WRITE = "attendance:write"
    ATTENDANCE_OWN = "attendance:own"
    """One's own days and applications; whoever stands in an approval chain also approves."""
    ATTENDANCE_CLOSE = "attendance:close"
    """Who may close a month, and open adjustments after it."""
    PAYROLL_EXPORT = "payroll:export"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    """Departments and employments, imports included."""
    VISITORS_READ = "visitors:read"
    VISITORS_WRITE = "visitors:write"
    ROLL_CALL = "roll_call:read"
    """Who is inside, by name, for an evacuation."""
    AUDIT_READ = "audit:read"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    METRICS_READ = "metrics:read"
    SELF = "self"
    """What everybody who is known may do with their own account."""


class Role(StrEnum):
    """The closed list of roles. A resident has none: residents' pages are public or by link."""

    ADMIN = "admin"
    CLERK = "clerk"
    """At the desk of a facility: bookings, PINs, doors of their sites."""
    STAFF = "staff"
    """A member of staff who sees their own attendance."""
    PERSONNEL = "personnel"
    """General affairs (庶務, 人事): staff, cards, everybody's attendance, closings, exports."""
    AUDITOR = "auditor"
    INTEGRATION = "integration"
    """A booking system at the other end of the API."""
    VIEWER = "viewer"


_VIEW: Final = frozenset(
    {Right.SELF, Right.SITES_READ, Right.DOORS_READ, Right.ENTRIES_READ, Right.BOOKINGS_READ}
    | {Right.ATTENDANCE_OWN, Right.BATTERIES_READ}
)

RIGHTS_OF: Final[dict[Role, frozenset[Right]]] = {
    Role.ADMIN: frozenset(Right),
    Role.CLERK: _VIEW
    | {
        Right.PEOPLE_READ,
        Right.CARDS_BLOCK,
        Right.GRANTS_READ,
        Right.BOOKINGS_WRITE,
        Right.BOOKINGS_APPROVE,
        Right.BOOKINGS_IMPORT,
        Right.NOTICES_READ,
        Right.NOTICES_SEND,
        Right.PINS_REVEAL,
        Right.DOORS_UNLOCK,
        Right.DOORS_MODE,
        Right.DOORS_TEST,
        Right.ZONES_FORGIVE,
        Right.BATTERIES_WRITE,
        Right.KEY_BOXES_SERVICE,
        Right.VISITORS_READ,
        Right.VISITORS_WRITE,
        Right.ROLL_CALL,
    },
    Role.PERSONNEL: _VIEW
    | {
        Right.PEOPLE_READ,
        Right.PEOPLE_WRITE,
        Right.CARDS_BLOCK,
        Right.GRANTS_READ,
        Right.GRANTS_WRITE,
        Right.ATTENDANCE_READ,
        Right.ATTENDANCE_WRITE,
        Right.ATTENDANCE_CLOSE,
        Right.PAYROLL_EXPORT,
        Right.STAFF_READ,
        Right.STAFF_WRITE,
        Right.VISITORS_READ,
        Right.VISITORS_WRITE,
        Right.ROLL_CALL,
    },
    Role.STAFF: frozenset({Right.SELF, Right.ATTENDANCE_OWN}),
    Role.AUDITOR: _VIEW
    | {
        Right.PEOPLE_READ,
        Right.GRANTS_READ,
        Right.ATTENDANCE_READ,
        Right.STAFF_READ,
        Right.VISITORS_READ,
        Right.AUDIT_READ,
        Right.ACCOUNTS_READ,
        Right.METRICS_READ,
        Right.NOTICES_READ,
        Right.WEBHOOKS_READ,
    },
    Role.INTEGRATION: frozenset(
        {Right.SELF, Right.SITES_READ, Right.BOOKINGS_READ, Right.BOOKINGS_WRITE}
        | {Right.PINS_REVEAL}
    ),
    Role.VIEWER: _VIEW,
}


TOWN_WIDE: Final = frozenset(
    {
        Right.ATTENDANCE_READ,
        Right.ATTENDANCE_WRITE,
        Right.ATTENDANCE_CLOSE,
        Right.PAYROLL_EXPORT,
    }
)
"""Staff belongs to the town, not to a site: these are for nobody who is limited to some sites."""


class PrincipalKind(StrEnum):
    """By what somebody made themselves known."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105  # a word, no secret
    SYSTEM = "system"
    """The hub itself, or somebody at its command line."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `sites` limits them to these sites; None means the whole town.

    `id` is the user's or token's id, `person_id` the person a user is, if any.
    """

    kind: PrincipalKind
    id: str
    name: str
    role: Role
    sites: frozenset[str] | None = None
    person_id: str | None = None
    came_from: AddressKind = AddressKind.LOCAL

    @property
    def actor(self) -> str:
        """How the audit log and events name them: `session:<user id>`, `token:<id>`."""
        return f"{self.kind.value}:{self.id}"

    def may(self, right: Right) -> bool:
        """Tell whether their role has a right, at the sites they may see. Whoever is limited to
        some has none that is about the whole town's staff."""
        return right in RIGHTS_OF[self.role] and (self.sites is None or right not in TOWN_WIDE)

    def reaches(self, site_id: str | None) -> bool:
        """Tell whether a site is theirs; what belongs to no site is the whole town's."""
        return self.sites is None or (site_id is not None and site_id in self.sites)


SYSTEM: Final = Principal(PrincipalKind.SYSTEM, "hub", "hub", Role.ADMIN)
"""For what the hub does of its own accord."""
