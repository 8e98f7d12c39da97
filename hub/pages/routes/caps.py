"""Caps: alerts, what a month will come to, and the record of work beyond a cap."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.closing_pages import ClosingPages
from hub.pages.frame import Speaking, go_to
from hub.pages.words import Words
from hub.timesheets.alert_service import AlertService, month_or_none
from hub.timesheets.closing_domain import month_of_text
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right
from hub.worktime.domain import month_of

router = APIRouter(include_in_schema=False)
Pages = Annotated[ClosingPages, provided(ClosingPages)]
Service = Annotated[AlertService, provided(AlertService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]


@router.get("/caps")
def caps(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    month: Annotated[str, Query(max_length=7)] = "",
) -> Response:
    """A month's alerts, what it will come to, and the year's work beyond caps."""
    return _caps(request, words, pages, who, month)


@router.post("/caps/alerts/{alert_id}/seen")
def see(service: Service, who: Reader, alert_id: str) -> Response:
    """Note that an alert was seen."""
    return go_to(f"/caps?month={service.see(who, alert_id).month}")


@router.post("/caps/alerts/{alert_id}/record")
def record_work(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Service,
    who: Reader,
    alert_id: str,
    cause: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record why somebody worked beyond a cap."""
    alert = service.see(who, alert_id)
    if not cause.strip():
        error = words.t("closing.cause_missing")
        return _caps(request, words, pages, who, alert.month, error)
    service.record_special_work(who, alert.person_id, month_of_text(alert.month), cause.strip())
    return go_to(f"/caps?month={alert.month}")


@router.post("/caps/special/{work_id}/analysis")
def analyse(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Service,
    who: Reader,
    work_id: str,
    analysis: Annotated[str, Form(max_length=2000)] = "",
    month: Annotated[str, Form(max_length=7)] = "",
) -> Response:
    """Record what was made of it after the year."""
    if not analysis.strip():
        error = words.t("closing.cause_missing")
        return _caps(request, words, pages, who, month, error)
    made = service.analyse(who, work_id, analysis.strip())
    return go_to(f"/caps?month={made.month}")


def _caps(
    request: Request,
    words: Words,
    pages: ClosingPages,
    who: Principal,
    month: str,
    error: str = "",
) -> Response:
    chosen = month_or_none(month)
    if chosen is None or not 2000 <= chosen.year < 2200:
        chosen = month_of(pages.today())
    return render(
        request,
        "pages/caps.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.caps(who, chosen, words),
        month=str(chosen),
        heading=words.month(chosen.first),
        year=chosen.fiscal_year,
        error=error,
    )
