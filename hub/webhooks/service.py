"""Endpoints and their deliveries, as people and programs set them up, look at them, send again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from hub.audit.service import record
from hub.database.scope import Scope
from hub.happenings.domain import Subject
from hub.web.core import Core
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, ProblemKind, invalid
from hub.web.rights import Principal
from hub.webhooks import repository
from hub.webhooks.domain import (
    GRACE_MAX,
    TEST,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    UrlRefusedError,
    check_url,
    is_pattern,
)
from hub.webhooks.outbox import Outbox
from hub.webhooks.payloads import Message
from hub.webhooks.secrets import new_secret, sealed
from hub.webhooks.signatures import secret_text
from hub.webhooks.tables import webhook_deliveries as deliveries

T = TypeVar("T")

WEBHOOK_OFF: Final = ProblemKind("webhook_off", HTTPStatus.CONFLICT)
"""Something is to be sent to an endpoint that is switched off."""
_TARGET: Final = "webhook"
SETTABLE: Final = (EndpointState.ACTIVE, EndpointState.PAUSED, EndpointState.DISABLED)


@dataclass(frozen=True, slots=True)
class EndpointWish:
    """What an endpoint is to be."""

    url: str
    kinds: tuple[str, ...]
    description: str = ""
    sites: tuple[str, ...] | None = None
    insecure: bool = False
    include_contact: bool = False


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint or source with its secret as text: shown once, kept sealed."""

    row: Any
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Logged:
    """A delivery with its attempts."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """An endpoint, and how many messages wait for it or were given up."""

    endpoint: Endpoint
    pending: int
    failed: int


def reaches(who: Principal, sites: tuple[str, ...] | None) -> bool:
    """Tell whether everything that something hears of, or may book, is somebody's to see."""
    return who.sites is None or (sites is not None and who.sites.issuperset(sites))


def sites_within(who: Principal, wanted: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Give the sites that somebody may give away: those asked for, or all of their own."""
    if wanted is None:
        return None if who.sites is None else tuple(sorted(who.sites))
    if not reaches(who, wanted):
        raise Problem(FORBIDDEN, "these are not all sites of yours")
    return tuple(sorted(set(wanted)))


class WebhooksService:
    """What the routes and pages ask of endpoints."""

    def __init__(self, core: Core, outbox: Outbox) -> None:
        self._core = core
        self._outbox = outbox

    # --- endpoints -----------------------------------------------------------------------------

    def listed(self, who: Principal) -> list[Standing]:
        """Give the endpoints somebody may see."""
        with self._core.db.read() as scope:
            found = [each for each in repository.all_endpoints(scope) if reaches(who, each.sites)]
            counted = repository.counts(scope) if found else {}
        return [_standing(each, counted) for each in found]

    def get(self, who: Principal, endpoint_id: str) -> Standing:
        """Give one; raise `404` for one that is none or not theirs."""
        with self._core.db.read() as scope:
            return _standing(_found(scope, who, endpoint_id), repository.counts(scope))

    def create(self, who: Principal, wish: EndpointWish) -> WithSecret:
        """Add an endpoint and give its secret, this once."""
        now, secret = self._core.clock.now(), new_secret()
        endpoint_id = self._core.ids.new()
        made = Endpoint(
            id=endpoint_id,
            url=_checked_url(wish.url, insecure=wish.insecure),
            description=wish.description,
            kinds=_checked_kinds(wish.kinds),
            sites=sites_within(who, wish.sites),
            insecure=wish.insecure,
            include_contact=wish.include_contact,
            state=EndpointState.ACTIVE,
            failures=0,
            secret=sealed(self._core.keys, Endpoint, endpoint_id, secret),
            previous_secret=None,
            previous_until=None,
            created_at=now,
            updated_at=now,
            last_success_at=None,
            last_failure_at=None,
        )

        def write(scope: Scope) -> None:
            repository.write_endpoint(scope, made, new=True)
            record(scope, now, who, "webhook.added", (_TARGET, made.id), _told(made))

        self._core.db.write(write)
        return WithSecret(made, secret_text(secret))

    def change(self, who: Principal, endpoint_id: str, changes: dict[str, Any]) -> Standing:
        """Change what was sent of: url, description, kinds, sites, insecure, include_contact and
        state. What waits goes to the new address; to one switched off nothing is sent any more."""
        now = self._core.clock.now()
        state = changes.get("state")
        if state is not None and state not in SETTABLE:
            raise invalid("state", "not_settable", "active, paused or disabled")

        def write(scope: Scope) -> Standing:
            before = _found(scope, who, endpoint_id, to_change=True)
            after = replace(before, **changes)
            if "kinds" in changes:
                after = replace(after, kinds=_checked_kinds(changes["kinds"]))
            if "sites" in changes:
                after = replace(after, sites=sites_within(who, changes["sites"]))
            _checked_url(after.url, insecure=after.insecure)
            if after.url != before.url or (
                after.state is EndpointState.ACTIVE and before.state is not EndpointState.ACTIVE
            ):
                after = replace(after, failures=0)
            if after != before:
                after = replace(after, updated_at=now)
                repository.write_endpoint(scope, after)
                if after.state is EndpointState.DISABLED:
                    repository.give_up(scope, endpoint_id, now)
                was, said = _told(before), _told(after)
                changed = {name: value for name, value in said.items() if was[name] != value}
                if after.url != before.url:
                    changed["url"] = said["url"]
                record(scope, now, who, "webhook.changed", (_TARGET, endpoint_id), changed)
            return _standing(after, repository.counts(scope))

        return self._core.db.write(write)

    def delete(self, who: Principal, endpoint_id: str) -> None:
        """Remove an endpoint with its log."""

        def write(scope: Scope) -> None:
            found = _found(scope, who, endpoint_id, to_change=True)
            repository.delete_endpoint(scope, found.id)
            record(scope, self._core.clock.now(), who, "webhook.removed", (_TARGET, found.id))

        self._core.db.write(write)

    def rotate(self, who: Principal, endpoint_id: str, grace: timedelta) -> WithSecret:
        """Give an endpoint another secret; for `grace` the one before signs too."""
        now, secret = self._core.clock.now(), new_secret()
        grace = min(grace, GRACE_MAX)

        def write(scope: Scope) -> Endpoint:
            before = _found(scope, who, endpoint_id, to_change=True)
            after = replace(
                before,
                secret=sealed(self._core.keys, Endpoint, before.id, secret),
                previous_secret=before.secret if grace else None,
                previous_until=now + grace if grace else None,
                updated_at=now,
            )
            repository.write_endpoint(scope, after)
            told = {"grace_s": int(grace.total_seconds())}
            record(scope, now, who, "webhook.secret_rotated", (_TARGET, before.id), told)
            return after

        return WithSecret(self._core.db.write(write), secret_text(secret))

    # --- deliveries ------------------------------------------------------------------------------

    def deliveries(
        self,
        who: Principal,
        endpoint_id: str,
        state: DeliveryState | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Logged]:
        """Give the log of an endpoint, the newest message first."""
        where = [beyond([deliveries.c.seq], cursor, descending=True)]
        if state is not None:
            where.append(deliveries.c.state == state)
        with self._core.db.read() as scope:
            _found(scope, who, endpoint_id)
            found = repository.page(scope, endpoint_id, where, limit + 1)
            logged = _logged(scope, found)
        return page_of(logged, limit, lambda each: [each.delivery.seq])

    def delivery(self, who: Principal, endpoint_id: str, delivery_id: str) -> Logged:
        """Give one delivery."""
        with self._core.db.read() as scope:
            return _logged(scope, [_delivery(scope, who, endpoint_id, delivery_id)])[0]

    def resend(self, who: Principal, endpoint_id: str, delivery_id: str) -> Logged:
        """Have a delivery sent again, with its id and its body, whatever became of it."""

        def write(scope: Scope) -> Logged:
            found = _delivery(scope, who, endpoint_id, delivery_id)
            _refuse_off(_found(scope, who, endpoint_id))
            now = self._core.clock.now()
            repository.send_again(scope, now, deliveries.c.id == found.id)
            record(
                scope, now, who, "webhook.resent", (_TARGET, endpoint_id), {"delivery": found.id}
            )
            return _logged(scope, [_delivery(scope, who, endpoint_id, delivery_id)])[0]

        return self._core.db.write(write)

    def recover(self, who: Principal, endpoint_id: str, since: datetime) -> int:
        """Have everything sent again that failed and was made since an instant; give how many."""

        def write(scope: Scope) -> int:
            _refuse_off(_found(scope, who, endpoint_id, to_change=True))
            now = self._core.clock.now()
            count = repository.send_again(
                scope,
                now,
                deliveries.c.endpoint_id == endpoint_id,
                deliveries.c.state == DeliveryState.FAILED,
                deliveries.c.created_at >= since,
            )
            told = {"since": since.isoformat(), "count": count}
            record(scope, now, who, "webhook.recovered", (_TARGET, endpoint_id), told)
            return count

        return self._core.db.write(write)

    def test(self, who: Principal, endpoint_id: str) -> Logged:
        """Put a test message before an endpoint, whichever kinds it wants."""

        def write(scope: Scope) -> Logged:
            endpoint = _found(scope, who, endpoint_id)
            _refuse_off(endpoint)
            now = self._core.clock.now()
            message = Message(self._core.ids.new(), TEST, now, Subject(), who.actor)
            made = self._outbox.address(scope, endpoint, message)
            record(scope, now, who, "webhook.tested", (_TARGET, endpoint_id))
            return _logged(scope, [made] if made else [])[0]

        return self._core.db.write(write)

    def look(self, work: Callable[[Scope], T]) -> T:
        """Read more in one snapshot, for pages."""
        with self._core.db.read() as scope:
            return work(scope)


def _found(scope: Scope, who: Principal, endpoint_id: str, *, to_change: bool = False) -> Endpoint:
    found = repository.endpoint(scope, endpoint_id, to_change=to_change)
    if found is None or not reaches(who, found.sites):
        raise Problem(NOT_FOUND, "no such webhook")
    return found


def _delivery(scope: Scope, who: Principal, endpoint_id: str, delivery_id: str) -> Delivery:
    endpoint = _found(scope, who, endpoint_id)
    found = repository.delivery(scope, delivery_id)
    if found is None or found.endpoint_id != endpoint.id:
        raise Problem(NOT_FOUND, "no such delivery")
    return found


def _refuse_off(endpoint: Endpoint) -> None:
    if endpoint.state is EndpointState.DISABLED:
        raise Problem(WEBHOOK_OFF, "it is disabled: set its state to active first")


def _logged(scope: Scope, found: Sequence[Delivery]) -> list[Logged]:
    tried = repository.attempts_of(scope, [each.id for each in found])
    return [Logged(each, tuple(tried[each.id])) for each in found]


def _standing(endpoint: Endpoint, counted: dict[tuple[str, DeliveryState], int]) -> Standing:
    pending = counted.get((endpoint.id, DeliveryState.PENDING), 0)
    return Standing(endpoint, pending, counted.get((endpoint.id, DeliveryState.FAILED), 0))


def _checked_url(url: str, *, insecure: bool) -> str:
    try:
        return check_url(url, insecure=insecure)
    except UrlRefusedError as error:
        raise invalid("url", "bad_url", str(error)) from error


def _checked_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [each for each in kinds if not is_pattern(each)]
    if unknown or not kinds:
        raise invalid("kinds", "unknown_kind", "a kind such as booking.changed, booking.* or *")
    return tuple(dict.fromkeys(kinds))


def _told(endpoint: Endpoint) -> dict[str, Any]:
    """What the audit log keeps: that personal data goes out as well, never the secret, nor the path
    of the address, which may be one."""
    parts = urlsplit(endpoint.url)
    return {
        "url": f"{parts.scheme}://{parts.netloc}",
        "kinds": list(endpoint.kinds),
        "sites": None if endpoint.sites is None else list(endpoint.sites),
        "insecure": endpoint.insecure,
        "include_contact": endpoint.include_contact,
        "state": endpoint.state.value,
        "description": endpoint.description,
    }
