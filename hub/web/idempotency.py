"""Idempotency-Key: a request that names itself is done once, however often it is sent.

The answer is kept in the transaction that does the work. The same key with another body is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Header

from hub.database.scope import Scope
from hub.web.problems import IDEMPOTENCY_REUSED, Problem
from hub.web.rights import Principal
from hub.web.tables import idempotency_keys as kept

KEPT_FOR: Final = timedelta(hours=24)

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=8,
        max_length=128,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Names this request: sent again within a day it is answered, not done again.",
    ),
]


def request_hash(route: str, body: bytes) -> str:
    """Give what tells one request from another: SHA-256 over route and body."""
    return hashlib.sha256(route.encode() + b"\x00" + body).hexdigest()


def once(
    scope: Scope,
    who: Principal,
    key: str | None,
    request: str,
    now: datetime,
    work: Callable[[], tuple[int, Any]],
) -> tuple[int, Any]:
    """Do the work and keep its `(status, JSON answer)`, or give the answer kept before.

    `request` is `request_hash` of this request. Raises `422 idempotency_reused` when the key was
    used for another. Without a key the work is done. Answers must hold no secret.
    """
    if key is None:
        return work()
    scope.lock(f"idempotency:{who.actor}:{key}")
    scope.delete(kept, kept.c.kept_at < now - KEPT_FOR)
    found = scope.one(sa.select(kept).where(kept.c.actor == who.actor, kept.c.key == key))
    if found is not None:
        if found.request_hash != request:
            raise Problem(IDEMPOTENCY_REUSED, "this Idempotency-Key was used for another request")
        return found.status, found.answer
    status, answer = work()
    scope.insert(
        kept,
        {
            "actor": who.actor,
            "key": key,
            "request_hash": request,
            "status": status,
            "answer": answer,
            "kept_at": now,
        },
    )
    return status, answer
