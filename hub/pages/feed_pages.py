"""What the pages of feeds show, and what their form says."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bookings.facilities import FacilitiesService
from hub.bookings.records import Facility
from hub.feeds.domain import AuthKind, FeedSecret, FeedWish, PlaceProperty, PlaceRule
from hub.feeds.service import FeedsService, Which
from hub.feeds.trying import DryRun, Trial
from hub.pages.views.choice import Choice
from hub.pages.views.feed import (
    EventLine,
    FeedLine,
    FeedPage,
    ShrinkPage,
    event_lines,
    feed_line,
    run_line,
    unread_line,
)
from hub.pages.words import Words
from hub.web.rights import Principal

SHOWN = 100
RUNS = 20
_NOT_OURS = ("-", "－", "ー")


@dataclass(frozen=True, slots=True)
class FeedForm:
    """The form of a new feed as it was sent."""

    name: str = ""
    url: str = ""
    facility: str = ""
    places: str = ""
    minutes: str = "5"
    days: str = "90"
    auth: str = AuthKind.NONE.value
    user: str = ""
    secret: str = ""


class FormError(ValueError):
    """What the form says cannot be; the message is in the reader's language."""


@dataclass(frozen=True, slots=True)
class FeedPages:
    """Reads for the pages of feeds."""

    feeds: FeedsService
    dry_run: DryRun
    facilities: FacilitiesService

    def lines(self, who: Principal, words: Words) -> tuple[FeedLine, ...]:
        """Give every feed somebody may see, what asks for them first."""
        lines = [feed_line(each, words) for each in self.feeds.listed(who)]
        return tuple(sorted(lines, key=lambda line: (not line.is_urgent, line.name)))

    def page(self, who: Principal, feed_id: str, words: Words) -> FeedPage:
        """Give a feed's page; raise `not_found`."""
        view = self.feeds.get(who, feed_id)
        wish = view.feed.wish
        names = self.facility_names(who, words)
        shrink = self.feeds.shrink(who, feed_id)
        unread = tuple(unread_line(each, words) for each in view.feed.unread)
        runs = self.feeds.runs(who, feed_id, None, RUNS).items
        count = len(shrink.events) if shrink else 0
        return FeedPage(
            line=feed_line(view, words),
            facility=names.get(wish.facility_id or "", words.t("feeds.no_facility")),
            every=words.t("feeds.every_min", minutes=round(wish.every_s / 60)),
            horizon=words.t("feeds.horizon_days", days=wish.horizon_days),
            zone=wish.zone,
            auth=words.t(f"feeds.auth_{wish.auth}"),
            shrunk=words.t("feeds.shrank_what", count=count) if shrink else "",
            problems=(*unread, *self._events(who, feed_id, Which.PROBLEMS, words)),
            absent=() if shrink else self._events(who, feed_id, Which.ABSENT, words),
            cancelled_here=self._events(who, feed_id, Which.CANCELLED_HERE, words),
            runs=tuple(run_line(each, words) for each in runs),
        )

    def shrink(self, who: Principal, feed_id: str, words: Words) -> ShrinkPage | None:
        """Give what staff are asked about, if anything."""
        found = self.feeds.shrink(who, feed_id)
        if found is None:
            return None
        return ShrinkPage(
            line=feed_line(self.feeds.get(who, feed_id), words),
            token=found.token,
            text=words.t("feeds.shrank_what", count=len(found.events)),
            events=event_lines(found.events, self.feeds.booking_ids(found.events), words),
        )

    def choices(self, who: Principal, words: Words) -> list[Choice]:
        """Give the facilities to choose from."""
        names = self.facility_names(who, words)
        none = Choice("", words.t("feeds.no_facility"))
        return [none, *(Choice(key, name) for key, name in names.items())]

    def auths(self, words: Words) -> list[Choice]:
        """Give the ways to log in at a server."""
        return [Choice(each.value, words.t(f"feeds.auth_{each}")) for each in AuthKind]

    def facility_names(self, who: Principal, words: Words) -> dict[str, str]:
        """Give the active facilities' names by their ids."""
        return {
            each.id: words.name(each.name_ja, each.name_en)
            for each in self.facilities.listed(who)
            if each.active
        }

    def wish(self, who: Principal, form: FeedForm, words: Words) -> tuple[FeedWish, FeedSecret]:
        """Give what the form wants; raise `FormError`."""
        known = [each for each in self.facilities.listed(who) if each.active]
        wish = FeedWish(
            name=form.name.strip(),
            facility_id=form.facility or None,
            places=tuple(
                _place(line, known, words) for line in form.places.splitlines() if line.strip()
            ),
            every_s=60 * _whole(form.minutes, 1, 24 * 60, words.t("feeds.minutes"), words),
            horizon_days=_whole(form.days, 1, 400, words.t("feeds.days"), words),
            auth=AuthKind(form.auth) if form.auth in set(AuthKind) else AuthKind.NONE,
        )
        if not wish.name:
            raise FormError(words.t("feeds.form_missing", field=words.t("feeds.name")))
        return wish, FeedSecret(form.url.strip(), form.user, form.secret)

    def tried(self, who: Principal, wish: FeedWish, secret: FeedSecret) -> Trial:
        """Try a feed; raise the problem `invalid`."""
        return self.dry_run.run(self.feeds.proposed(who, wish, secret), secret)

    def _events(
        self, who: Principal, feed_id: str, which: Which, words: Words
    ) -> tuple[EventLine, ...]:
        found = self.feeds.events(who, feed_id, which, None, SHOWN).items
        return event_lines(found, self.feeds.booking_ids(found), words)


def _place(line: str, known: list[Facility], words: Words) -> PlaceRule:
    """Read `place = facility`, the facility by any of its names; `-` for none of ours."""
    text, _, name = line.replace("＝", "=").rpartition("=")
    text, name = text.strip()[:120], name.strip()
    if text and name in _NOT_OURS:
        return PlaceRule(PlaceProperty.LOCATION, text, None)
    for each in known:
        if text and name in (each.name_ja, each.name_easy, each.name_en):
            return PlaceRule(PlaceProperty.LOCATION, text, each.id)
    raise FormError(words.t("feeds.place_unknown", name=name[:60]))


def _whole(text: str, least: int, most: int, field: str, words: Words) -> int:
    plain = text.strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 7 and least <= int(plain) <= most:
        return int(plain)
    raise FormError(words.t("feeds.form_range", field=field, least=least, most=most))
