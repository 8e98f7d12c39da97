"""Users, tokens, sessions, and how long wrong logins make one wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.web.rights import Principal, PrincipalKind, Role

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200


class UserState(StrEnum):
    """Whether a user may log in."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who logs in. `sites` None means the whole town."""

    id: str
    login: str
    name: str
    password_hash: str = field(repr=False)
    role: Role
    sites: tuple[str, ...] | None
    person_id: str | None
    state: UserState
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_town_admin(self) -> bool:
        """Whether they can log in and do everything, accounts included, in the whole town."""
        active = self.state is UserState.ACTIVE
        return active and self.role is Role.ADMIN and self.sites is None

    def principal(self) -> Principal:
        """Who they are to the routes."""
        return Principal(
            PrincipalKind.SESSION, self.id, self.name, self.role, _reach(self.sites), self.person_id
        )


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; its text is shown once and kept as a hash."""

    id: str
    name: str
    token_hash: str = field(repr=False)
    role: Role
    sites: tuple[str, ...] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Tell whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def principal(self) -> Principal:
        """Who it is to the routes."""
        return Principal(PrincipalKind.TOKEN, self.id, self.name, self.role, _reach(self.sites))


@dataclass(frozen=True, slots=True)
class Session:
    """A login on one browser; `id` is the hash of its cookie."""

    id: str = field(repr=False)
    user_id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime

    def holds(self, now: datetime, idle: timedelta) -> bool:
        """Tell whether it is neither over nor left alone too long."""
        return now < self.expires_at and now < self.used_at + idle


def _reach(sites: Iterable[str] | None) -> frozenset[str] | None:
    return None if sites is None else frozenset(sites)


# --- the throttle ------------------------------------------------------------------------------


class ThrottleScope(StrEnum):
    """Over what wrong logins are counted."""

    PAIR = "pair"
    """One account from one address: the person who mistypes, and the patient guesser."""
    ADDRESS = "address"
    """One address over all accounts: who tries one password on everybody."""
    ACCOUNT = "account"
    """One account from anywhere: many addresses after one person."""


FREE_TRIES: Final[dict[ThrottleScope, int]] = {
    ThrottleScope.PAIR: 5,
    ThrottleScope.ADDRESS: 20,
    ThrottleScope.ACCOUNT: 50,
}
FORGOTTEN_AFTER: Final = timedelta(hours=1)
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Tries:
    """How often it went wrong, and until when one must wait."""

    failures: int = 0
    last_at: datetime | None = None
    wait_until: datetime | None = None

    def waiting(self, now: datetime) -> timedelta:
        """Give how long one must still wait; zero if not at all."""
        if self.wait_until is None or self.wait_until <= now:
            return timedelta(0)
        return self.wait_until - now


def after_failure(tries: Tries, scope: ThrottleScope, now: datetime) -> Tries:
    """Count one more failure: beyond the free tries each doubles the wait, up to the longest.
    An hour without any forgets them all."""
    old = tries.last_at is None or now - tries.last_at >= FORGOTTEN_AFTER
    failures = 1 if old else tries.failures + 1
    beyond = failures - FREE_TRIES[scope]
    if beyond < 0:
        return Tries(failures, now, None)
    wait = min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
    return Tries(failures, now, now + wait)


def forgiven_one(tries: Tries) -> Tries:
    """Take back the one try that proved right."""
    return Tries(max(0, tries.failures - 1), tries.last_at, None)
