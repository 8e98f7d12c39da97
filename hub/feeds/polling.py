"""One poll of a feed: fetch, read, conclude, write down. Whatever fails changes nothing."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.calendar import ReadAs, horizon, read_calendar
from hub.feeds.concluding import Concluder, tell_of
from hub.feeds.domain import FAILING_AFTER, CalendarError, Feed, FetchResult
from hub.feeds.fetching import CalendarClient, Fetched, FetchFailed
from hub.feeds.holding import FeedLocks
from hub.feeds.pace import wait_s
from hub.feeds.records import FeedRun
from hub.feeds.sealing import FeedSeals
from hub.happenings.domain import HappeningKind
from hub.web.problems import NOT_FOUND, Problem

READ_AGAIN_AFTER: Final = timedelta(hours=1)
"""The same calendar is read again after this long, for the horizon has moved on."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll came to: the run, what is to be kept of the feed, when the server wants to be
    asked again."""

    run: FeedRun
    values: Mapping[str, object]
    retry_after_s: int | None = None


class Poller:
    """Polls feeds."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        seals: FeedSeals,
        client: CalendarClient,
        concluder: Concluder,
        locks: FeedLocks,
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._seals = seals
        self._client = client
        self._concluder = concluder
        self._locks = locks

    def poll(self, feed_id: str, by: str) -> FeedRun:
        """Poll a feed now; raise `not_found`, or `conflict` while it is being polled."""
        with self._locks.held(feed_id):
            with self._db.read() as scope:
                feed = repository.feed(scope, feed_id)
                if feed is None:
                    raise Problem(NOT_FOUND, "no such feed")
                secret, packed = repository.sealed(scope, feed_id)
            began = time.monotonic()
            polled = self._polled(feed, secret, packed, by)
            run = replace(polled.run, took_ms=round((time.monotonic() - began) * 1000))
            polled = replace(polled, run=run)
            self._db.write(lambda scope: self._finish(scope, feed, polled))
            return run

    def _polled(self, feed: Feed, secret: bytes, packed: bytes | None, by: str) -> Polled:
        now = self._clock.now()
        run = FeedRun(self._ids.new(), feed.id, now, 0, by[:120], FetchResult.FAULT)
        try:
            fetched = self._client.fetch(
                self._seals.secret(feed.id, secret),
                feed.wish.auth,
                now,
                etag=feed.etag if packed else "",
                last_modified=feed.last_modified if packed else "",
            )
            return self._followed(feed, run, fetched, packed)
        except FetchFailed as failed:
            run = replace(run, result=failed.result, detail=failed.detail[:200])
            return Polled(replace(run, http_status=failed.http_status), {}, failed.retry_after_s)
        except CalendarError as error:
            return Polled(replace(run, result=error.result, detail=str(error)[:200]), {})
        except Exception:  # whatever it was, the next poll tries again
            _log.exception("feed_poll_failed", feed=feed.id)
            return Polled(run, {})

    def _followed(self, feed: Feed, run: FeedRun, fetched: Fetched, packed: bytes | None) -> Polled:
        """Follow a whole answer; raise `CalendarError` if it is no whole and valid calendar. Its
        validators are kept with its content alone: an answer of 304 must mean what is kept."""
        if fetched.content is None and packed is None:
            raise FetchFailed(FetchResult.HTTP_ERROR, "304 to a question without condition", 304)
        content, charset = fetched.content, fetched.charset
        if content is None:
            assert packed is not None  # noqa: S101  # looked at above
            content, charset = self._seals.content(feed.id, packed)
        digest = hashlib.sha256((charset or "").encode() + b"\n" + content).hexdigest()
        same = digest == feed.content_hash
        values: dict[str, object] = {}
        if not same:
            values["content"] = self._seals.seal_content(feed.id, content, charset)
            values["content_hash"] = digest
        if fetched.content is not None:
            values |= {"etag": fetched.etag, "last_modified": fetched.last_modified}
        run = replace(run, http_status=fetched.http_status, size=len(fetched.content or b""))
        result = FetchResult.NOT_MODIFIED if fetched.content is None else FetchResult.OK
        if same and self._may_rest(feed):
            return Polled(replace(run, result=result), values, fetched.retry_after_s)
        until = horizon(run.at, feed.wish.horizon_days)
        calendar = read_calendar(
            content, charset, ReadAs(feed.zone, feed.wish.contact, run.at, until)
        )
        found = self._concluder.conclude(feed, calendar)
        run = replace(
            run,
            result=result if found.result is FetchResult.OK else found.result,
            events=calendar.events,
            made=found.done.made,
            changed=found.done.changed,
            cancelled=found.done.cancelled,
            refused=found.done.refused,
            absent=found.absent,
        )
        return Polled(run, values, fetched.retry_after_s)

    def _may_rest(self, feed: Feed) -> bool:
        now = self._clock.now()
        if feed.expanded_at is None:
            return False
        if not timedelta(0) <= now - feed.expanded_at < READ_AGAIN_AFTER:
            return False  # also where the clock was put back
        if feed.shrank_at is not None:
            return False
        with self._db.read() as scope:
            return not repository.is_restless(scope, feed.id, now)

    def _finish(self, scope: Scope, feed: Feed, polled: Polled) -> None:
        """Write down what came of a poll. A feed that was changed meanwhile keeps what was set."""
        now, run = self._clock.now(), polled.run
        kept = repository.feed(scope, feed.id, to_change=True)
        if kept is None:
            return
        good = run.result.is_good
        failures = 0 if good else min(kept.failures + 1, 10_000)
        fails = failures >= FAILING_AFTER
        luck = random.random()  # noqa: S311  # a pause needs no secret
        wait = wait_s(kept.wish.every_s, failures, polled.retry_after_s, luck)
        values: dict[str, object] = {
            "failures": failures,
            "failing_told": fails,
            "last_try_at": now,
            "last_result": run.result,
            "next_at": now + timedelta(seconds=wait),
        }
        if good:
            values["last_good_at"] = now
        repository.update_feed(scope, feed.id, {**values, **polled.values})
        if fails and not kept.failing_told:
            tell_of(scope, now, HappeningKind.FEED_FAILING, feed, {"result": run.result.value})
        elif good and kept.failing_told:
            tell_of(scope, now, HappeningKind.FEED_RECOVERED, feed, {"from": "failing"})
        repository.add_run(scope, run)
