"""Sources, as people set them up and look at what came from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from hub.audit.service import record
from hub.database.scope import Scope
from hub.web.core import Core
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from hub.webhooks import source_repository as repository
from hub.webhooks.domain import GRACE_MAX
from hub.webhooks.mapping import Profile
from hub.webhooks.secrets import new_secret, sealed
from hub.webhooks.service import WithSecret, reaches, sites_within
from hub.webhooks.signatures import SecretError, secret_of, secret_text
from hub.webhooks.source_domain import Received, ReceivedResult, Source, SourceState
from hub.webhooks.tables import webhook_received as received

_TARGET: Final = "webhook_source"


@dataclass(frozen=True, slots=True)
class SourceWish:
    """What a source is to be. `secret` is one that the other side made, if it insists."""

    name: str
    profile: Profile
    sites: tuple[str, ...] | None = None
    secret: str | None = None


class SourcesService:
    """What the routes and pages ask of sources."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def listed(self, who: Principal) -> list[Source]:
        """Give the sources somebody may see."""
        with self._core.db.read() as scope:
            return [each for each in repository.all_sources(scope) if reaches(who, each.sites)]

    def get(self, who: Principal, source_id: str) -> Source:
        """Give one; raise `404` for one that is none or not theirs."""
        with self._core.db.read() as scope:
            return _found(scope, who, source_id)

    def create(self, who: Principal, wish: SourceWish) -> WithSecret:
        """Add a source and give its secret, this once."""
        now, source_id = self._core.clock.now(), self._core.ids.new()
        secret = _secret(wish.secret)
        made = Source(
            id=source_id,
            name=wish.name,
            sites=sites_within(who, wish.sites),
            profile=_checked(wish.profile),
            state=SourceState.ACTIVE,
            secret=sealed(self._core.keys, Source, source_id, secret),
            previous_secret=None,
            previous_until=None,
            created_at=now,
            updated_at=now,
        )

        def write(scope: Scope) -> None:
            repository.write_source(scope, made, new=True)
            record(scope, now, who, "webhook_source.added", (_TARGET, made.id), _told(made))

        self._core.db.write(write)
        return WithSecret(made, secret_text(secret))

    def change(self, who: Principal, source_id: str, changes: dict[str, Any]) -> Source:
        """Change what was sent of: name, profile, sites and state."""
        now = self._core.clock.now()

        def write(scope: Scope) -> Source:
            before = _found(scope, who, source_id, to_change=True)
            after = replace(before, **changes)
            if "sites" in changes:
                after = replace(after, sites=sites_within(who, changes["sites"]))
            _checked(after.profile)
            if after != before:
                after = replace(after, updated_at=now)
                repository.write_source(scope, after)
                was, said = _told(before), _told(after)
                changed = {name: value for name, value in said.items() if was[name] != value}
                record(scope, now, who, "webhook_source.changed", (_TARGET, source_id), changed)
            return after

        return self._core.db.write(write)

    def delete(self, who: Principal, source_id: str) -> None:
        """Remove a source; what it booked stays booked."""

        def write(scope: Scope) -> None:
            found = _found(scope, who, source_id, to_change=True)
            repository.delete_source(scope, found.id)
            now = self._core.clock.now()
            record(scope, now, who, "webhook_source.removed", (_TARGET, found.id))

        self._core.db.write(write)

    def rotate(
        self, who: Principal, source_id: str, grace: timedelta, given: str | None = None
    ) -> WithSecret:
        """Give a source another secret; for `grace` the one before is taken too."""
        now, secret = self._core.clock.now(), _secret(given)
        grace = min(grace, GRACE_MAX)

        def write(scope: Scope) -> Source:
            before = _found(scope, who, source_id, to_change=True)
            after = replace(
                before,
                secret=sealed(self._core.keys, Source, before.id, secret),
                previous_secret=before.secret if grace else None,
                previous_until=now + grace if grace else None,
                updated_at=now,
            )
            repository.write_source(scope, after)
            told = {"grace_s": int(grace.total_seconds())}
            record(scope, now, who, "webhook_source.secret_rotated", (_TARGET, before.id), told)
            return after

        return WithSecret(self._core.db.write(write), secret_text(secret))

    def received(
        self,
        who: Principal,
        source_id: str,
        result: ReceivedResult | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Received]:
        """Give what came from a source, the newest first."""
        where = [beyond([received.c.received_at, received.c.id], cursor, descending=True)]
        if result is not None:
            where.append(received.c.result == result)
        with self._core.db.read() as scope:
            _found(scope, who, source_id)
            found = repository.page(scope, source_id, where, limit + 1)
        return page_of(found, limit, lambda each: [each.received_at, each.id])


def _found(scope: Scope, who: Principal, source_id: str, *, to_change: bool = False) -> Source:
    found = repository.source(scope, source_id, to_change=to_change)
    if found is None or not reaches(who, found.sites):
        raise Problem(NOT_FOUND, "no such source")
    return found


def _secret(given: str | None) -> bytes:
    if given is None:
        return new_secret()
    try:
        return secret_of(given)
    except SecretError as error:
        raise invalid("secret", "bad_secret", str(error)) from error


def _checked(profile: Profile) -> Profile:
    """Refuse a profile by which nothing could ever be read."""
    if not profile.reservation_key:
        raise invalid("profile.reservation_key", "missing", "say where the key stands")
    if profile.zone:
        try:
            ZoneInfo(profile.zone)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise invalid("profile.zone", "bad_zone", "write one like Asia/Tokyo") from error
    return profile


def _told(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "sites": None if source.sites is None else list(source.sites),
        "profile": msgspec.to_builtins(source.profile),
        "state": source.state.value,
    }
