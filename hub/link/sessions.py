"""Which session of a controller is alive: the rules, and the rows they are kept in.

A broker can repeat a hello it has seen, or hold one back and bring it later. So a hello alone never
makes a session current: the edge must answer the welcome with a `want` that names the session, and
it does so only if that session is the one it has just drawn. A session that was passed over never
comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.link.tables import SessionState, controller_sessions, session_prints
from wire.messages import Hello, Reported

KEPT_SESSIONS: Final = 50
PRINTS_KEPT: Final = timedelta(days=400)
"""How long a session that is over is known again: longer than a controller's certificate lives."""

_TABLE: Final = controller_sessions


class Greeting(Enum):
    """What a hello turned out to be."""

    NEW = "new"
    REPEATED = "repeated"
    """The same session again, not passed over since: it is answered again."""
    REPLAYED = "replayed"
    """A session that was passed over: not answered."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A hello's verdict; `cloned`: a boot that was over has come back, so two machines use one
    identity (or a broker held a hello back)."""

    greeting: Greeting
    cloned: bool = False


def greet(scope: Scope, controller: str, hello: Hello, now: datetime) -> Judged:
    """Judge a hello and keep its session."""
    scope.lock(f"sessions/{controller}")
    rows = _rows(scope, controller)
    known = next((row for row in rows if row.session == hello.session), None)
    if known is not None:
        past = known.state is SessionState.PAST
        return Judged(Greeting.REPLAYED if past else Greeting.REPEATED)
    if not _first_time(scope, controller, hello.session, now):
        return Judged(Greeting.REPLAYED)
    number = rows[0].number + 1 if rows else 1
    scope.insert(
        _TABLE,
        {
            "controller_id": controller,
            "number": number,
            "session": hello.session,
            "state": SessionState.GREETED,
            "boot_id": hello.boot_id,
            "agent": hello.agent,
            "epoch": hello.epoch,
            "last_seq": hello.last_seq,
            "hub_epoch": hello.policy.hub_epoch,
            "policy_version": hello.policy.version,
            "clock_state": hello.clock.state.value,
            "greeted_at": now,
        },
    )
    scope.delete(
        _TABLE, _TABLE.c.controller_id == controller, _TABLE.c.number <= number - KEPT_SESSIONS
    )
    boots = [row.boot_id for row in rows]
    return Judged(
        Greeting.NEW, bool(boots) and boots[0] != hello.boot_id and hello.boot_id in boots
    )


def print_of(session: str) -> str:
    """Give the print by which a session is known again."""
    return sha256(session.encode()).hexdigest()[:16]


def _first_time(scope: Scope, controller: str, session: str, now: datetime) -> bool:
    """Keep a session's print; False where it is kept already: it was greeted and passed over."""
    columns = session_prints.c
    mine, seen = columns.controller_id == controller, print_of(session)
    if scope.one(scope.select(columns.print).where(mine, columns.print == seen)) is not None:
        return False
    scope.delete(session_prints, mine, columns.greeted_at < now - PRINTS_KEPT)
    row = {"controller_id": controller, "print": seen, "greeted_at": now}
    scope.insert(session_prints, row)
    return True


def confirm(scope: Scope, controller: str, session: str, now: datetime) -> bool:
    """The edge answered the welcome: make the session current; False for one that was passed over
    or never heard of."""
    scope.lock(f"sessions/{controller}")
    rows = _rows(scope, controller)
    found = next((row for row in rows if row.session == session), None)
    if found is None or found.state is SessionState.PAST:
        return False
    if found.state is SessionState.CURRENT:
        return True
    mine = _TABLE.c.controller_id == controller
    scope.update(_TABLE, {"state": SessionState.PAST}, mine, _TABLE.c.number < found.number)
    scope.update(
        _TABLE,
        {"state": SessionState.CURRENT, "confirmed_at": now},
        mine,
        _TABLE.c.number == found.number,
    )
    return True


def current_session(scope: Scope, controller: str) -> str | None:
    """The session that answered our welcome last."""
    row = _current(scope, controller)
    return None if row is None else str(row.session)


def is_fresh_report(scope: Scope, controller: str, reported: Reported) -> bool:
    """Tell whether a report is of the current session, and its policy not older than the one the
    session's hello told of."""
    row = _current(scope, controller)
    if row is None or row.session != reported.session:
        return False
    return (reported.hub_epoch, reported.version) >= (row.hub_epoch, row.policy_version)


def _current(scope: Scope, controller: str) -> sa.Row[Any] | None:
    return scope.one(
        scope.select(_TABLE).where(
            _TABLE.c.controller_id == controller, _TABLE.c.state == SessionState.CURRENT
        )
    )


def _rows(scope: Scope, controller: str) -> Sequence[sa.Row[Any]]:
    """The sessions that are kept, newest first."""
    return scope.all(
        scope.select(_TABLE.c.number, _TABLE.c.session, _TABLE.c.state, _TABLE.c.boot_id)
        .where(_TABLE.c.controller_id == controller)
        .order_by(_TABLE.c.number.desc())
    )
