"""The rows of users, tokens, sessions and wrong logins."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.accounts.domain import Session, Token, Tries, User, UserState
from hub.accounts.tables import login_tries, sessions, tokens, users
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.web.rights import Role


def user(scope: Scope, user_id: str) -> User | None:
    """Give a user."""
    return as_one(User, scope.one(sa.select(users).where(users.c.id == user_id)))


def user_by_login(scope: Scope, login: str) -> User | None:
    """Give the user with a login name (kept in lower case)."""
    return as_one(User, scope.one(sa.select(users).where(users.c.login == login)))


def list_users(scope: Scope, limit: int, after: sa.ColumnElement[bool]) -> tuple[User, ...]:
    """Give up to `limit` users by id."""
    return as_all(User, scope.all(sa.select(users).where(after).order_by(users.c.id).limit(limit)))


def users_of_person(scope: Scope, person_id: str) -> tuple[User, ...]:
    """Give the users that a person is, oldest first."""
    query = sa.select(users).where(users.c.person_id == person_id).order_by(users.c.id)
    return as_all(User, scope.all(query))


def town_admins(scope: Scope) -> tuple[User, ...]:
    """Give the active administrators of the whole town."""
    active = (users.c.role == Role.ADMIN, users.c.state == UserState.ACTIVE)
    found = as_all(User, scope.all(sa.select(users).where(*active)))
    return tuple(each for each in found if each.is_town_admin)


def add_user(scope: Scope, new: User) -> None:
    """Insert a user; raise `DuplicateError` for a login that exists."""
    scope.insert(users, asdict(new))


def change_user(scope: Scope, user_id: str, values: dict[str, Any]) -> None:
    """Set columns of a user."""
    scope.update(users, values, users.c.id == user_id)


def token_by_hash(scope: Scope, token_hash: str) -> Token | None:
    """Give the token whose text has this hash."""
    return as_one(Token, scope.one(sa.select(tokens).where(tokens.c.token_hash == token_hash)))


def token(scope: Scope, token_id: str) -> Token | None:
    """Give a token."""
    return as_one(Token, scope.one(sa.select(tokens).where(tokens.c.id == token_id)))


def list_tokens(scope: Scope, limit: int, after: sa.ColumnElement[bool]) -> tuple[Token, ...]:
    """Give up to `limit` tokens by id."""
    query = sa.select(tokens).where(after).order_by(tokens.c.id).limit(limit)
    return as_all(Token, scope.all(query))


def add_token(scope: Scope, new: Token) -> None:
    """Insert a token."""
    scope.insert(tokens, asdict(new))


def change_token(scope: Scope, token_id: str, values: dict[str, Any]) -> None:
    """Set columns of a token."""
    scope.update(tokens, values, tokens.c.id == token_id)


def session(scope: Scope, session_id: str) -> Session | None:
    """Give a session by the hash of its cookie."""
    return as_one(Session, scope.one(sa.select(sessions).where(sessions.c.id == session_id)))


def add_session(scope: Scope, new: Session) -> None:
    """Insert a session, and sweep out those that are over."""
    scope.delete(sessions, sessions.c.expires_at <= new.created_at)
    scope.insert(sessions, asdict(new))


def use_session(scope: Scope, session_id: str, at: datetime) -> None:
    """Note that a session was used."""
    scope.update(sessions, {"used_at": at}, sessions.c.id == session_id)


def end_session(scope: Scope, session_id: str) -> int:
    """Delete a session; give how many there were."""
    return scope.delete(sessions, sessions.c.id == session_id)


def end_sessions_of(scope: Scope, user_id: str) -> int:
    """Delete every session of a user; give how many there were."""
    return scope.delete(sessions, sessions.c.user_id == user_id)


def tries(scope: Scope, subject: str) -> Tries:
    """Give the wrong logins counted under a subject."""
    columns = sa.select(login_tries.c.failures, login_tries.c.last_at, login_tries.c.wait_until)
    return as_one(Tries, scope.one(columns.where(login_tries.c.subject == subject))) or Tries()


def keep_tries(scope: Scope, subject: str, found: Tries) -> None:
    """Keep the wrong logins counted under a subject."""
    scope.upsert(login_tries, {"subject": subject, **asdict(found)}, key=["subject"])


def forget_tries(scope: Scope, subject: str) -> None:
    """Forget a subject's wrong logins."""
    scope.delete(login_tries, login_tries.c.subject == subject)


def sweep_tries(scope: Scope, before: datetime) -> None:
    """Forget every subject whose last wrong login lies before an instant."""
    scope.delete(login_tries, login_tries.c.last_at < before)
