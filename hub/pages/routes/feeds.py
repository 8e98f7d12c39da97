"""How the town's booking system is joined: the overview, the calendars, one calendar, and the
answer when much of one vanished: on a page of its own, with a tick, so that a slip cancels nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response

from hub.feeds.service import Afterwards, FeedsService
from hub.pages.feed_pages import FeedForm, FeedPages, FormError
from hub.pages.frame import Speaking, go_to
from hub.pages.views.feed import TrialPage, trial_page
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import CHANGED_MEANWHILE, CONFLICT, INVALID, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[FeedPages, provided(FeedPages)]
Feeds = Annotated[FeedsService, provided(FeedsService)]
Importer = Annotated[Principal, requires(Right.BOOKINGS_IMPORT)]
FeedId = Annotated[str, Path(max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
Short = Annotated[str, Form(max_length=16)]
Line = Annotated[str, Form(max_length=120)]


@router.get("/joins")
def joins(request: Request, words: Speaking, pages: Pages, who: Importer) -> Response:
    """The three ways, each with how it stands."""
    return render(request, "pages/joins.html", feeds=pages.lines(who, words))


@router.get("/joins/feeds")
def feed_list(request: Request, words: Speaking, pages: Pages, who: Importer) -> Response:
    """Every calendar, what asks for somebody first."""
    return render(request, "pages/feeds.html", feeds=pages.lines(who, words))


@router.get("/joins/feeds/new")
def new_feed(request: Request, words: Speaking, pages: Pages, who: Importer) -> Response:
    """The form of a new calendar."""
    return _form(request, words, pages, who, FeedForm())


@router.post("/joins/feeds/new")
def add_feed(
    request: Request,
    words: Speaking,
    pages: Pages,
    feeds: Feeds,
    who: Importer,
    do: Short = "",
    name: Line = "",
    url: Annotated[str, Form(max_length=2000)] = "",
    facility: Line = "",
    places: Annotated[str, Form(max_length=20_000)] = "",
    minutes: Short = "",
    days: Short = "",
    auth: Short = "",
    user: Line = "",
    secret: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Try a calendar, or save it."""
    sent = FeedForm(name, url, facility, places, minutes, days, auth, user, secret)
    try:
        wish, sealed = pages.wish(who, sent, words)
        if do == "try":
            trial = trial_page(pages.tried(who, wish, sealed), words)
            return _form(request, words, pages, who, sent, trial=trial)
        made = feeds.create(who, wish, sealed)
    except FormError as error:
        return _form(request, words, pages, who, sent, error=str(error))
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        fields = {each.field for each in problem.fields}
        said = "feeds.form_address" if "body.url" in fields else "feeds.form_facility"
        return _form(request, words, pages, who, sent, error=words.t(said))
    return go_to(f"/joins/feeds/{made.feed.id}")


@router.get("/joins/feeds/{feed_id}")
def one_feed(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Importer,
    feed_id: FeedId,
    busy: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """One calendar: how it stands, its problems, its fetches."""
    return render(request, "pages/feed.html", feed=pages.page(who, feed_id, words), busy=bool(busy))


@router.post("/joins/feeds/{feed_id}/poll")
def poll_feed(feeds: Feeds, who: Importer, feed_id: FeedId) -> Response:
    """Fetch it now."""
    try:
        feeds.poll(who, feed_id)
    except Problem as problem:
        if problem.kind is not CONFLICT:
            raise
        return go_to(f"/joins/feeds/{feed_id}?busy=1")
    return go_to(f"/joins/feeds/{feed_id}")


@router.get("/joins/feeds/{feed_id}/shrink")
def shrink(
    request: Request, words: Speaking, pages: Pages, who: Importer, feed_id: FeedId
) -> Response:
    """What vanished, listed, and the two answers."""
    return _shrink(request, words, pages, who, feed_id)


@router.post("/joins/feeds/{feed_id}/shrink")
def answer_shrink(
    request: Request,
    words: Speaking,
    pages: Pages,
    feeds: Feeds,
    who: Importer,
    feed_id: FeedId,
    answer: Short = "",
    token: Annotated[str, Form(max_length=64)] = "",
    sure: Short = "",
) -> Response:
    """Cancel what vanished, once the tick is set; or keep it."""
    if answer != "dismiss" and sure != "yes":
        missing = words.t("unlock.sure_missing")
        return _shrink(request, words, pages, who, feed_id, error=missing)
    try:
        if answer == "dismiss":
            feeds.dismiss_shrink(who, feed_id, token)
        else:
            feeds.confirm_shrink(who, feed_id, token)
    except Problem as problem:
        if problem.kind not in (CHANGED_MEANWHILE, CONFLICT):
            raise
        other = words.t("feeds.shrank_other")
        return _shrink(request, words, pages, who, feed_id, error=other)
    return go_to(f"/joins/feeds/{feed_id}")


@router.post("/joins/feeds/{feed_id}/remove")
def remove_feed(
    feeds: Feeds, who: Importer, feed_id: FeedId, bookings: Short = "keep", sure: Short = ""
) -> Response:
    """Remove a calendar, once the tick is set."""
    if sure != "yes":
        return go_to(f"/joins/feeds/{feed_id}")
    afterwards = Afterwards.CANCEL if bookings == "cancel" else Afterwards.KEEP
    feeds.remove(who, feed_id, afterwards)
    return go_to("/joins/feeds")


def _form(
    request: Request,
    words: Words,
    pages: FeedPages,
    who: Principal,
    form: FeedForm,
    *,
    error: str = "",
    trial: TrialPage | None = None,
) -> Response:
    return render(
        request,
        "pages/feed_form.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        form=form,
        facilities=pages.choices(who, words),
        auths=pages.auths(words),
        trial=trial,
        error=error,
    )


def _shrink(
    request: Request,
    words: Words,
    pages: FeedPages,
    who: Principal,
    feed_id: str,
    *,
    error: str = "",
) -> Response:
    asked = pages.shrink(who, feed_id, words)
    if asked is None:
        return go_to(f"/joins/feeds/{feed_id}")
    return render(
        request,
        "pages/feed_shrink.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        asked=asked,
        error=error,
    )
