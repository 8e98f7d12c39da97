"""The board of tomorrow, its figures, and the page of figures that a town may publish."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.pages.days import day_or
from hub.pages.frame import Speaking
from hub.pages.readiness_pages import ReadinessPages
from hub.web.core import provided
from hub.web.identity import public, requires
from hub.web.pages import render
from hub.web.problems import INVALID, NOT_FOUND, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[ReadinessPages, provided(ReadinessPages)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Day = Annotated[str, Query(max_length=10)]
_MONTH: Final = timedelta(days=29)
_PUBLISHED: Final = timedelta(days=89)


@router.get("/tomorrow")
def tomorrow(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every booking of today and tomorrow, what somebody must see to first."""
    return render(request, "pages/tomorrow.html", board=pages.tomorrow(who, words))


@router.get("/tomorrow/live")
def live_tomorrow(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """The page's living part alone."""
    return render(request, "pages/_tomorrow.html", board=pages.tomorrow(who, words))


@router.get("/tomorrow/figures")
def figures(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> Response:
    """Hit rate and latencies of a span of days; of the last thirty where none is named."""
    end = day_or(last, words.today)
    begin = day_or(first, end - _MONTH)
    error, status = "", HTTPStatus.OK
    try:
        sheet = pages.figures(who, words, begin, end)
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        error, status = words.t("figures.bad_span"), HTTPStatus.UNPROCESSABLE_ENTITY
        sheet = pages.figures(who, words, words.today - _MONTH, words.today)
    return render(
        request, "pages/figures.html", status=status, sheet=sheet, error=error, published=False
    )


@router.get("/figures", dependencies=[public()])
def published_figures(request: Request, words: Speaking, pages: Pages) -> Response:
    """The town's figures of the last ninety days, for everybody, where the town publishes them."""
    if not pages.readiness.settings.publish_figures:
        raise Problem(NOT_FOUND, "this town publishes no figures")
    sheet = pages.figures(None, words, words.today - _PUBLISHED, words.today)
    return render(request, "pages/figures.html", sheet=sheet, error="", published=True)
