"""Logging in with a password, slowly for those who guess, and logging out.

The throttle lies in the database and counts before the password is looked at, so that two tries
side by side are two tries. It delays logins only: a session that holds is never touched.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.accounts import repository
from hub.accounts.domain import (
    FORGOTTEN_AFTER,
    MAX_PASSWORD,
    Session,
    ThrottleScope,
    User,
    UserState,
    after_failure,
    forgiven_one,
)
from hub.accounts.passwords import Passwords
from hub.audit.service import record
from hub.database.scope import Scope
from hub.web.core import Core
from hub.web.meters import WebMeters
from hub.web.problems import TOO_MANY_TRIES, Problem
from hub.web.rights import Principal

_COOKIE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: the user, and the cookie's text, which is kept nowhere."""

    user: User
    cookie: str
    lasts: timedelta


class LoginService:
    """Turns a login name and password into a session."""

    def __init__(self, core: Core, passwords: Passwords, meters: WebMeters) -> None:
        self._core = core
        self._passwords = passwords
        self._meters = meters
        self._lasts = timedelta(hours=core.settings.sessions.absolute_hours)

    def log_in(self, login: str, password: str, address: str) -> LoggedIn | None:
        """Give a new session, or None if login or password are wrong: which of the two is not
        told, and both take the same time. Raises `429 too_many_tries` while one must wait."""
        now = self._core.clock.now()
        login = login.strip().lower()[:100]
        subjects = self._subjects(login, address)
        self._core.db.write(lambda scope: self._count(scope, subjects, now))
        with self._core.db.read() as scope:
            user = repository.user_by_login(scope, login)
        known = user is not None and user.state is UserState.ACTIVE
        stored = user.password_hash if user is not None and known else None
        if not self._passwords.verify(stored, password[:MAX_PASSWORD]) or user is None:
            self._meters.logins.labels("wrong").inc()
            return None
        if self._passwords.outdated(user.password_hash):
            values = {"password_hash": self._passwords.hash(password)}
            self._core.db.write(lambda scope: repository.change_user(scope, user.id, values))
        cookie = secrets.token_urlsafe(_COOKIE_BYTES)
        self._core.db.write(lambda scope: self._open(scope, user, cookie, subjects, now))
        self._meters.logins.labels("good").inc()
        return LoggedIn(user, cookie, self._lasts)

    def log_out(self, who: Principal, cookie: str) -> None:
        """End a session for good."""
        now = self._core.clock.now()
        hashed = self._core.keys.token_hash("session", cookie)

        def work(scope: Scope) -> None:
            if repository.end_session(scope, hashed):
                record(scope, now, who, "session.ended", ("user", who.id))

        self._core.db.write(work)

    def _subjects(self, login: str, address: str) -> dict[ThrottleScope, str]:
        """What is counted, as keyed hashes: no address and no mistyped password-as-login stays."""
        account, where = login.encode(), address.encode()
        keys = self._core.keys
        return {
            ThrottleScope.PAIR: keys.blind("login-pair", account, where),
            ThrottleScope.ADDRESS: keys.blind("login-address", where),
            ThrottleScope.ACCOUNT: keys.blind("login-account", account),
        }

    def _count(self, scope: Scope, subjects: dict[ThrottleScope, str], now: datetime) -> None:
        """Refuse while somebody must wait; else count this try as wrong until it proves right."""
        # One login at a time in the database (not in argon2): tries side by side count as two.
        scope.lock("login")
        repository.sweep_tries(scope, now - FORGOTTEN_AFTER)
        found = {kind: repository.tries(scope, subject) for kind, subject in subjects.items()}
        wait = max(each.waiting(now) for each in found.values())
        if wait:
            self._meters.logins.labels("throttled").inc()
            seconds = math.ceil(wait.total_seconds())
            raise Problem(
                TOO_MANY_TRIES,
                f"wait {seconds} s before the next try",
                headers={"Retry-After": str(seconds)},
            )
        for kind, subject in subjects.items():
            repository.keep_tries(scope, subject, after_failure(found[kind], kind, now))

    def _open(
        self,
        scope: Scope,
        user: User,
        cookie: str,
        subjects: dict[ThrottleScope, str],
        now: datetime,
    ) -> None:
        repository.forget_tries(scope, subjects[ThrottleScope.PAIR])
        repository.forget_tries(scope, subjects[ThrottleScope.ACCOUNT])
        # An address is forgiven this one try only: else a guesser with one account of their own
        # would start afresh at will.
        address = repository.tries(scope, subjects[ThrottleScope.ADDRESS])
        repository.keep_tries(scope, subjects[ThrottleScope.ADDRESS], forgiven_one(address))
        hashed = self._core.keys.token_hash("session", cookie)
        repository.add_session(scope, Session(hashed, user.id, now, now, now + self._lasts))
        repository.change_user(scope, user.id, {"last_login_at": now})
        record(scope, now, user.principal(), "session.began", ("user", user.id))
