"""Users and tokens: making, changing, listing; and who is behind a token or a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from hub.accounts import repository
from hub.accounts.domain import MAX_PASSWORD, MIN_PASSWORD, Token, User, UserState
from hub.accounts.passwords import Passwords
from hub.accounts.tables import tokens, users
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.sites import repository as sites
from hub.web.core import Core
from hub.web.identity import TOKEN_PREFIX
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, ProblemKind, invalid
from hub.web.rights import Principal, Role

LAST_ADMIN: Final = ProblemKind("last_admin", HTTPStatus.CONFLICT)
_USED_EVERY: Final = timedelta(minutes=1)
"""How often the last use of a token or session is written down: not at each request."""


class AccountsService:
    """Keeps users and tokens, and identifies whoever brings a token or a session cookie."""

    def __init__(self, core: Core, passwords: Passwords) -> None:
        self._core = core
        self._passwords = passwords
        self._idle = timedelta(minutes=core.settings.sessions.idle_minutes)

    # --- who is it -------------------------------------------------------------------------

    def by_token(self, token: str) -> Principal | None:
        """Give whose bearer token this is, if it holds now."""
        now = self._core.clock.now()
        hashed = self._core.keys.token_hash("api-token", token)
        with self._core.db.read() as scope:
            found = repository.token_by_hash(scope, hashed)
        if found is None or not found.holds(now):
            return None
        if found.last_used_at is None or now - found.last_used_at >= _USED_EVERY:
            values = {"last_used_at": now}
            self._core.db.write(lambda s: repository.change_token(s, found.id, values))
        return found.principal()

    def by_session(self, cookie: str) -> Principal | None:
        """Give whose session this is, if it holds now, and note that it was used."""
        now = self._core.clock.now()
        hashed = self._core.keys.token_hash("session", cookie)
        with self._core.db.read() as scope:
            found = repository.session(scope, hashed)
            user = repository.user(scope, found.user_id) if found else None
        if found is None or user is None or not found.holds(now, self._idle):
            return None
        if user.state is not UserState.ACTIVE:
            return None
        if now - found.used_at >= _USED_EVERY:
            self._core.db.write(lambda s: repository.use_session(s, hashed, now))
        return user.principal()

    # --- users -----------------------------------------------------------------------------

    def add_user(
        self,
        who: Principal,
        *,
        login: str,
        name: str,
        password: str,
        role: Role,
        sites: Sequence[str] | None = None,
        person_id: str | None = None,
    ) -> User:
        """Make a user; raise a problem for a weak password, an unknown site or person, `403
        forbidden` for somebody limited to some sites, and `DuplicateError` for a login that
        exists."""
        check_password(password)
        now = self._core.clock.now()
        new = User(
            id=self._core.ids.new(),
            login=login.strip().lower(),
            name=name,
            password_hash=self._passwords.hash(password),
            role=role,
            sites=_sorted(sites),
            person_id=person_id,
            state=UserState.ACTIVE,
            last_login_at=None,
            created_at=now,
            updated_at=now,
        )

        def work(scope: Scope) -> User:
            _check_writer(who)
            _check_reach(scope, new.sites, person_id)
            repository.add_user(scope, new)
            record(scope, now, who, "user.added", ("user", new.id), {"role": role.value})
            return new

        return self._core.db.write(work)

    def change_user(self, who: Principal, user_id: str, changes: dict[str, Any]) -> User:
        """Change name, role, sites, person, state or password (`password`, in clear). A changed
        password, role or state ends the user's sessions. Raises `409 last_admin` where nobody would
        be left who may change accounts in the whole town."""
        password = changes.pop("password", None)
        if password is not None:
            check_password(password)
            changes["password_hash"] = self._passwords.hash(password)
        if "sites" in changes:
            changes["sites"] = _sorted(changes["sites"])
        now = self._core.clock.now()

        def work(scope: Scope) -> User:
            _check_writer(who)
            scope.lock("users")  # so that of two who give up their right at once one is the last
            before = repository.user(scope, user_id)
            if before is None:
                raise Problem(NOT_FOUND, "no such user")
            _check_reach(scope, changes.get("sites"), changes.get("person_id"))
            repository.change_user(scope, user_id, {**changes, "updated_at": now})
            if {"password_hash", "role", "state", "sites"} & set(changes):
                repository.end_sessions_of(scope, user_id)
            named = sorted("password" if c == "password_hash" else c for c in changes)
            record(scope, now, who, "user.changed", ("user", user_id), {"fields": named})
            changed = repository.user(scope, user_id)
            assert changed is not None  # noqa: S101  # it was there a moment ago
            if before.is_town_admin and not repository.town_admins(scope):
                raise Problem(LAST_ADMIN, "nobody else may change accounts in the whole town")
            return changed

        return self._core.db.write(work)

    def users(self, cursor: str | None, limit: int) -> Page[User]:
        """Give users by id."""
        with self._core.db.read() as scope:
            found = repository.list_users(scope, limit + 1, beyond([users.c.id], cursor))
        return page_of(found, limit, lambda user: [user.id])

    def user(self, user_id: str) -> User:
        """Give a user; raise `404 not_found`."""
        with self._core.db.read() as scope:
            found = repository.user(scope, user_id)
        if found is None:
            raise Problem(NOT_FOUND, "no such user")
        return found

    def users_of_person(self, person_id: str) -> tuple[User, ...]:
        """Give the users that a person is, oldest first."""
        with self._core.db.read() as scope:
            return repository.users_of_person(scope, person_id)

    # --- tokens ----------------------------------------------------------------------------

    def create_token(
        self,
        who: Principal,
        *,
        name: str,
        role: Role,
        sites: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[Token, str]:
        """Make a bearer token and give it with its text, which is shown this once. Raises
        `403` for one that reaches further than who makes it."""
        if who.sites is not None and (sites is None or not set(sites) <= set(who.sites)):
            raise Problem(FORBIDDEN, "a token reaches no further than whoever makes it")
        now = self._core.clock.now()
        if expires_at is not None and expires_at <= now:
            raise invalid("expires_at", "past", "lies in the past")
        text = TOKEN_PREFIX + secrets.token_urlsafe(32)
        new = Token(
            id=self._core.ids.new(),
            name=name,
            token_hash=self._core.keys.token_hash("api-token", text),
            role=role,
            sites=_sorted(sites),
            created_by=who.actor,
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
        )

        def work(scope: Scope) -> None:
            _check_reach(scope, new.sites, None)
            repository.add_token(scope, new)
            record(scope, now, who, "token.created", ("token", new.id), {"role": role.value})

        self._core.db.write(work)
        return new, text

    def revoke_token(self, who: Principal, token_id: str) -> Token:
        """Make a token worthless from now on; doing so again changes nothing."""
        now = self._core.clock.now()

        def work(scope: Scope) -> Token:
            found = repository.token(scope, token_id)
            if found is None:
                raise Problem(NOT_FOUND, "no such token")
            if found.revoked_at is None:
                repository.change_token(scope, token_id, {"revoked_at": now})
                record(scope, now, who, "token.revoked", ("token", token_id))
            return repository.token(scope, token_id) or found

        return self._core.db.write(work)

    def tokens(self, cursor: str | None, limit: int) -> Page[Token]:
        """Give tokens by id, revoked ones included."""
        with self._core.db.read() as scope:
            found = repository.list_tokens(scope, limit + 1, beyond([tokens.c.id], cursor))
        return page_of(found, limit, lambda token: [token.id])


def check_password(password: str) -> None:
    """Raise a problem for a password that is too short to keep out a guesser (NIST SP 800-63B,
    5.1.1: length, no composition rules)."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise invalid("password", "length", f"{MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if len(set(password)) < 5:
        raise invalid("password", "weak", "the same few characters again and again")


def _check_writer(who: Principal) -> None:
    """Nobody gives others more than they have: an account may reach the whole town."""
    if who.sites is not None:
        raise Problem(FORBIDDEN, "accounts belong to the whole town, not to a site")


def _sorted(found: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(sorted(set(found)))


def _check_reach(scope: Scope, site_ids: Sequence[str] | None, person_id: str | None) -> None:
    for site_id in site_ids or ():
        if sites.site(scope, site_id) is None:
            raise invalid("sites", "unknown", "no such site")
    if person_id is not None and people.person(scope, person_id) is None:
        raise invalid("person_id", "unknown", "no such person")
