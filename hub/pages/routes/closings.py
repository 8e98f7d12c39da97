"""Closing a month: the overview, a department's month, adjustments, and signing one's own."""

from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.closing_pages import ClosingPages
from hub.pages.frame import Speaking, go_to
from hub.pages.words import Words
from hub.timesheets.alert_service import month_or_none
from hub.timesheets.closing_service import ClosingService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month, month_of

router = APIRouter(include_in_schema=False)
Pages = Annotated[ClosingPages, provided(ClosingPages)]
Service = Annotated[ClosingService, provided(ClosingService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Closer = Annotated[Principal, requires(Right.ATTENDANCE_CLOSE)]
MonthText = Annotated[str, Query(max_length=7)]
Note = Annotated[str, Form(max_length=500)]
Print = Annotated[str, Form(max_length=64)]
Sure = Annotated[str, Form(max_length=8)]


def month_chosen(text: str, today: date) -> Month:
    """Give the month that is asked for; else the last one that is over."""
    found = month_or_none(text)
    if found is not None and 2000 <= found.year < 2200:
        return found
    return month_of(today.replace(day=1) - timedelta(days=1))


@router.get("/closing")
def overview(
    request: Request, words: Speaking, pages: Pages, who: Reader, month: MonthText = ""
) -> Response:
    """Every department's month; for those who see none, their own."""
    chosen = month_chosen(month, pages.today())
    lines = pages.overview(who, chosen, words)
    return render(
        request,
        "pages/closing.html",
        lines=lines,
        month=str(chosen),
        heading=words.form_month(chosen.first),
        closed=sum(1 for each in lines if each.chip.icon == "lock"),
        may_own=who.person_id is not None,
        adjustments_open=sum(1 for each in pages.adjustments(who, words) if each.may_sign),
    )


@router.get("/closing/mine")
def own_month(
    request: Request, words: Speaking, pages: Pages, who: Reader, month: MonthText = ""
) -> Response:
    """One's own month, to be signed."""
    chosen = month_chosen(month, pages.today())
    return render(
        request, "pages/closing_mine.html", own=pages.own(who, chosen, words), month=str(chosen)
    )


@router.post("/closing/mine")
def sign_own(
    service: Service,
    pages: Pages,
    who: Reader,
    month: Annotated[str, Form(max_length=7)],
    fingerprint: Print,
) -> Response:
    """Sign one's own month as it was shown."""
    chosen = month_chosen(month, pages.today())
    service.sign_own(who, chosen, fingerprint)
    return go_to(f"/closing/mine?month={chosen}")


@router.get("/closing/adjustments")
def adjustments(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """What came after closing."""
    lines = pages.adjustments(who, words)
    return render(request, "pages/adjustments.html", lines=lines, only=False)


@router.get("/closing/adjustments/{adjustment_id}")
def adjustment(
    request: Request, words: Speaking, pages: Pages, who: Reader, adjustment_id: str
) -> Response:
    """One of them, for links from elsewhere."""
    lines = (pages.adjustment(who, adjustment_id, words),)
    return render(request, "pages/adjustments.html", lines=lines, only=True)


@router.post("/closing/adjustments/{adjustment_id}/sign")
def sign_adjustment(
    service: Service, who: Reader, adjustment_id: str, remark: Note = ""
) -> Response:
    """Sign one."""
    service.sign_adjustment(who, adjustment_id, remark.strip())
    return go_to("/closing/adjustments")


@router.get("/closing/{month}/{department_id}")
def department(
    request: Request, words: Speaking, pages: Pages, who: Reader, month: str, department_id: str
) -> Response:
    """A department's month."""
    return _department(request, words, pages, who, (month, department_id))


@router.post("/closing/{month}/{department_id}/sign")
def sign_department(
    service: Service, who: Reader, month: str, department_id: str, fingerprint: Print
) -> Response:
    """Sign it as its head."""
    service.sign_department(who, department_id, _month(month), fingerprint)
    return go_to(f"/closing/{month}/{department_id}")


@router.post("/closing/{month}/{department_id}/close")
def close(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Service,
    who: Closer,
    month: str,
    department_id: str,
    cause: Note = "",
    sure: Sure = "",
) -> Response:
    """Close it; over what stands in the way only with a cause."""
    place = (month, department_id)
    blocked = bool(pages.department(who, department_id, _month(month), words).blockers)
    if sure != "yes" or (blocked and not cause.strip()):
        error = words.t("unlock.sure_missing" if sure != "yes" else "closing.cause_missing")
        return _department(request, words, pages, who, place, error, cause)
    service.close(who, department_id, _month(month), cause.strip())
    return go_to(f"/closing/{month}/{department_id}")


@router.post("/closing/{month}/{department_id}/reopen")
def reopen(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Service,
    who: Closer,
    month: str,
    department_id: str,
    cause: Note = "",
) -> Response:
    """Open it again, with a cause."""
    if not cause.strip():
        error = words.t("closing.cause_missing")
        return _department(request, words, pages, who, (month, department_id), error)
    service.reopen(who, department_id, _month(month), cause.strip())
    return go_to(f"/closing/{month}/{department_id}")


def _department(
    request: Request,
    words: Words,
    pages: ClosingPages,
    who: Principal,
    place: tuple[str, str],
    error: str = "",
    cause: str = "",
) -> Response:
    month, department_id = place
    return render(
        request,
        "pages/closing_department.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.department(who, department_id, _month(month), words),
        error=error,
        cause=cause,
    )


def _month(text: str) -> Month:
    found = month_or_none(text)
    if found is None or not 2000 <= found.year < 2200:
        raise Problem(NOT_FOUND, "no such month")
    return found
