"""What staff do with feeds: set up, change, remove, poll, and answer when a calendar shrank."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.applying import Applier
from hub.feeds.concluding import tell_of
from hub.feeds.domain import EventState, Feed, FeedSecret, FeedState, FeedWish, GoneBy
from hub.feeds.fetching import AddressError, check_address
from hub.feeds.holding import FeedLocks
from hub.feeds.polling import Poller
from hub.feeds.records import FeedCounts, FeedEvent, FeedRun
from hub.feeds.sealing import FeedSeals
from hub.feeds.tables import feed_events, feed_runs
from hub.happenings.domain import HappeningKind
from hub.web.core import Core
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import CHANGED_MEANWHILE, CONFLICT, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal


class Afterwards(StrEnum):
    """What becomes of a removed feed's bookings that have not begun."""

    KEEP = "keep"
    CANCEL = "cancel"


class Which(StrEnum):
    """Which events of a feed are asked for."""

    ALL = "all"
    BOOKED = "booked"
    PROBLEMS = "problems"
    ABSENT = "absent"
    CANCELLED_HERE = "cancelled_here"


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed, and how much it keeps."""

    feed: Feed
    counts: FeedCounts


@dataclass(frozen=True, slots=True)
class Shrink:
    """What vanished at once from a calendar: staff confirm exactly this, by its token."""

    token: str
    events: tuple[FeedEvent, ...]


class FeedsService:
    """Keeps feeds. Who is limited to some sites has those alone whose facilities are all theirs."""

    def __init__(
        self, core: Core, seals: FeedSeals, poller: Poller, applier: Applier, locks: FeedLocks
    ) -> None:
        self._db = core.db
        self._clock = core.clock
        self._ids = core.ids
        self._settings = core.settings.feeds
        self._seals = seals
        self._poller = poller
        self._applier = applier
        self._locks = locks

    # --- reading -----------------------------------------------------------------------------

    def listed(self, who: Principal) -> list[FeedView]:
        """Give the feeds somebody may see, by name."""
        with self._db.read() as scope:
            found = [each for each in repository.all_feeds(scope) if _reaches(scope, who, each)]
            counted = repository.counts(scope, self._clock.now())
        return [FeedView(each, counted.get(each.id, FeedCounts())) for each in found]

    def urgent(self, who: Principal) -> int:
        """Give how many feeds ask for somebody: they fail, or much of them has vanished."""
        asking = (FeedState.SHRANK, FeedState.FAILING)
        with self._db.read() as scope:
            found = [each for each in repository.all_feeds(scope) if each.state in asking]
            return sum(_reaches(scope, who, each) for each in found)

    def get(self, who: Principal, feed_id: str) -> FeedView:
        """Give one; raise `not_found`."""
        with self._db.read() as scope:
            found = _found(scope, who, feed_id)
            counted = repository.counts(scope, self._clock.now())
        return FeedView(found, counted.get(feed_id, FeedCounts()))

    def runs(self, who: Principal, feed_id: str, cursor: str | None, limit: int) -> Page[FeedRun]:
        """Give the fetches of a feed, the newest first."""
        t = feed_runs.c
        with self._db.read() as scope:
            _found(scope, who, feed_id)
            after = beyond([t.at, t.id], cursor, descending=True)
            found = repository.runs(scope, feed_id, limit + 1, after)
        return page_of(found, limit, lambda run: [run.at, run.id])

    def events(
        self, who: Principal, feed_id: str, which: Which, cursor: str | None, limit: int
    ) -> Page[FeedEvent]:
        """Give the events of a feed that are not over, by their beginning."""
        t, now = feed_events.c, self._clock.now()
        conditions: dict[Which, list[Any]] = {
            Which.ALL: [],
            Which.BOOKED: [t.state == EventState.BOOKED],
            Which.PROBLEMS: [
                t.problem != "",
                t.state.in_([EventState.BOOKED, EventState.REFUSED]),
            ],
            Which.ABSENT: [t.state == EventState.BOOKED, t.absent_since.is_not(None)],
            Which.CANCELLED_HERE: [t.state == EventState.CANCELLED_HERE],
        }
        after = beyond([t.starts_at, t.id], cursor)
        with self._db.read() as scope:
            _found(scope, who, feed_id)
            where = [t.ends_at > now, after, *conditions[which]]
            found = repository.events(scope, feed_id, *where, limit=limit + 1)
        return page_of(found, limit, lambda event: [event.starts_at, event.id])

    def booking_ids(self, events: Sequence[FeedEvent]) -> dict[str, str]:
        """Give the ids of events' bookings by their reservation keys."""
        with self._db.read() as scope:
            return repository.booking_ids(scope, {each.reservation_key for each in events})

    def shrink(self, who: Principal, feed_id: str) -> Shrink | None:
        """Give what vanished, while staff are asked about it."""
        with self._db.read() as scope:
            return self._shrink(scope, _found(scope, who, feed_id))

    # --- writing -----------------------------------------------------------------------------

    def proposed(self, who: Principal, wish: FeedWish, secret: FeedSecret) -> Feed:
        """Give a feed as it would be, checked and not written: for a dry run."""
        with self._db.read() as scope:
            _check(scope, who, wish)
        return self._made(wish, secret)

    def create(self, who: Principal, wish: FeedWish, secret: FeedSecret) -> FeedView:
        """Add a feed; it is polled soon."""
        made = self._made(wish, secret)
        sealed = self._seals.seal_secret(made.id, secret)

        def write(scope: Scope) -> None:
            _check(scope, who, wish)
            repository.add_feed(scope, made, sealed)
            record(scope, made.created_at, who, "feed.added", ("feed", made.id), _told(wish))

        self._db.write(write)
        return FeedView(made, FeedCounts())

    def change(
        self, who: Principal, feed_id: str, changes: dict[str, Any], secrets: dict[str, str]
    ) -> FeedView:
        """Change some of a wish and of a secret; what is left out stays. Another address is another
        calendar: what it lacks is judged as if this one had lost it."""

        def write(scope: Scope) -> None:
            now = self._clock.now()
            before = _found(scope, who, feed_id, to_change=True)
            wish = replace(before.wish, **changes)
            _check(scope, who, wish)
            known = self._seals.secret(feed_id, repository.sealed(scope, feed_id)[0])
            secret = replace(known, **secrets)
            values: dict[str, Any] = repository.wish_columns(wish)
            values |= {"next_at": now, "expanded_at": None, "updated_at": now}
            values |= {"shown_url": self._shown(secret, wish), "failures": 0}
            if secret != known:
                values["secret"] = self._seals.seal_secret(feed_id, secret)
            if secret.url != known.url:
                values |= {"content": None, "content_hash": "", "etag": "", "last_modified": ""}
            repository.update_feed(scope, feed_id, values)
            told = {**_told(wish), "address_or_secret": secret != known}
            record(scope, now, who, "feed.changed", ("feed", feed_id), told)

        with self._locks.held(feed_id):
            self._db.write(write)
        return self.get(who, feed_id)

    def remove(self, who: Principal, feed_id: str, afterwards: Afterwards) -> int:
        """Remove a feed; keep or cancel its bookings that have not begun. Gives how many were
        cancelled."""
        feed = self.get(who, feed_id).feed
        with self._locks.held(feed_id):
            cancelled = 0
            if afterwards is Afterwards.CANCEL:
                now, t = self._clock.now(), feed_events.c
                with self._db.read() as scope:
                    ahead = repository.events(
                        scope, feed_id, t.starts_at > now, t.state == EventState.BOOKED
                    )
                cancelled = self._applier.cancel_gone(feed, ahead, GoneBy.CONFIRMED, who)

            def write(scope: Scope) -> None:
                _found(scope, who, feed_id, to_change=True)
                repository.remove_feed(scope, feed_id)
                told = {"bookings": afterwards.value, "cancelled": cancelled}
                record(scope, self._clock.now(), who, "feed.removed", ("feed", feed_id), told)

            self._db.write(write)
        return cancelled

    def poll(self, who: Principal, feed_id: str) -> FeedRun:
        """Poll a feed now."""
        self.get(who, feed_id)
        return self._poller.poll(feed_id, who.actor)

    def confirm_shrink(self, who: Principal, feed_id: str, token: str) -> int:
        """Cancel what vanished; give how many bookings that were. Raises `changed_meanwhile` where
        other events are absent now than whoever confirms has seen."""
        feed = self.get(who, feed_id).feed
        with self._locks.held(feed_id):
            asked = self._asked(who, feed_id, token)
            cancelled = self._applier.cancel_gone(feed, asked.events, GoneBy.CONFIRMED, who)
            self._answered(who, feed, "feed.shrink_confirmed", {"cancelled": cancelled})
        return cancelled

    def dismiss_shrink(self, who: Principal, feed_id: str, token: str) -> int:
        """Keep what vanished, until it is seen again or cancelled by hand; the rest of the calendar
        is followed from now on. Gives how many bookings are kept so."""
        feed = self.get(who, feed_id).feed
        with self._locks.held(feed_id):
            kept = [each.id for each in self._asked(who, feed_id, token).events]
            self._db.write(lambda scope: repository.mark_events(scope, kept, waits=True))
            self._answered(who, feed, "feed.shrink_dismissed", {"kept": len(kept)})
        return len(kept)

    # --- inside ------------------------------------------------------------------------------

    def _made(self, wish: FeedWish, secret: FeedSecret) -> Feed:
        now = self._clock.now()
        return Feed(
            id=self._ids.new(),
            wish=wish,
            shown_url=self._shown(secret, wish),
            etag="",
            last_modified="",
            content_hash="",
            failures=0,
            failing_told=False,
            next_at=now,
            last_try_at=None,
            last_good_at=None,
            last_result=None,
            expanded_at=None,
            shrank_at=None,
            unread=(),
            created_at=now,
            updated_at=now,
        )

    def _shown(self, secret: FeedSecret, wish: FeedWish) -> str:
        try:
            return check_address(secret.url, wish.auth, self._settings)
        except AddressError as error:
            raise invalid("url", "bad_address", str(error)) from None

    def _shrink(self, scope: Scope, feed: Feed) -> Shrink | None:
        if feed.shrank_at is None:
            return None
        absent = repository.absent_events(scope, feed.id, self._clock.now())
        named = "\n".join(sorted(each.id for each in absent))
        return Shrink(hashlib.sha256(named.encode()).hexdigest()[:32], absent)

    def _asked(self, who: Principal, feed_id: str, token: str) -> Shrink:
        found = self.shrink(who, feed_id)
        if found is None:
            raise Problem(CONFLICT, "nothing is asked about this feed now")
        if found.token != token:
            raise Problem(CHANGED_MEANWHILE, "other events are absent now; look at them again")
        return found

    def _answered(
        self, who: Principal, feed: Feed, action: str, details: dict[str, object]
    ) -> None:
        def write(scope: Scope) -> None:
            now = self._clock.now()
            values = {"shrank_at": None, "next_at": now, "expanded_at": None}
            repository.update_feed(scope, feed.id, values)
            record(scope, now, who, action, ("feed", feed.id), details)
            tell_of(scope, now, HappeningKind.FEED_RECOVERED, feed, {"from": "shrank"})

        self._db.write(write)


def _found(scope: Scope, who: Principal, feed_id: str, *, to_change: bool = False) -> Feed:
    found = repository.feed(scope, feed_id, to_change=to_change)
    if found is None or not _reaches(scope, who, found):
        raise Problem(NOT_FOUND, "no such feed")
    return found


def _reaches(scope: Scope, who: Principal, feed: Feed) -> bool:
    if who.sites is None:
        return True
    found = [booking_rows.facility(scope, each) for each in sorted(feed.wish.facility_ids)]
    return bool(found) and all(each is not None and who.reaches(each.site_id) for each in found)


def _check(scope: Scope, who: Principal, wish: FeedWish) -> None:
    """Refuse facilities that are not there, or beyond reach; and a feed that names none. One of a
    facility that is not used any more can still be paused."""
    if not wish.facility_ids:
        raise invalid("facility_id", "facility_missing", "name a facility, or one in places")
    for facility_id in sorted(wish.facility_ids):
        found = booking_rows.facility(scope, facility_id)
        usable = found is not None and (found.active or not wish.active)
        if found is None or not usable or not who.reaches(found.site_id):
            raise invalid("facility_id", "facility_unknown", "no such facility")


def _told(wish: FeedWish) -> dict[str, Any]:
    """What the audit log keeps of a feed: no address and no secret."""
    return {
        "name": wish.name,
        "facilities": sorted(wish.facility_ids),
        "every_s": wish.every_s,
        "horizon_days": wish.horizon_days,
        "active": wish.active,
        "auth": wish.auth.value,
    }
