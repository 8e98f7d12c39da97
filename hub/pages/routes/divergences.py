"""Divergences: the inbox of personnel and heads, one's own with 'please explain', one with its
trail; and punches whose time waits for a person's word."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.attendance.service import AttendanceService
from hub.pages.closing_pages import ClosingPages
from hub.pages.frame import Speaking, go_to
from hub.pages.routes.closings import month_chosen
from hub.pages.words import Words
from hub.timesheets.alert_service import month_or_none
from hub.timesheets.divergence_domain import BY_DERIVING, Act
from hub.timesheets.divergence_service import DivergenceService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import month_of

router = APIRouter(include_in_schema=False)
Pages = Annotated[ClosingPages, provided(ClosingPages)]
Service = Annotated[DivergenceService, provided(DivergenceService)]
Attendance = Annotated[AttendanceService, provided(AttendanceService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
Note = Annotated[str, Form(max_length=500)]


@router.get("/divergences")
def inbox(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    month: Annotated[str, Query(max_length=7)] = "",
    show: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """A month's, those first that somebody still has to do something about."""
    return _inbox(request, words, pages, who, month, show)


@router.get("/divergences/{divergence_id}")
def one(
    request: Request, words: Speaking, pages: Pages, who: Reader, divergence_id: str
) -> Response:
    """One with its trail."""
    return _one(request, words, pages, who, divergence_id)


@router.post("/divergences/{divergence_id}")
def act(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Service,
    who: Reader,
    divergence_id: str,
    what: Annotated[str, Form(max_length=20)] = "",
    note: Note = "",
) -> Response:
    """Do something about one."""
    known = what in {each.value for each in Act if each not in BY_DERIVING}
    missing = not note.strip() and what != Act.INVESTIGATE
    if not known or missing:
        error = words.t("divergence.note_missing" if known else "divergence.act_missing")
        return _one(request, words, pages, who, divergence_id, error, note)
    service.act(who, divergence_id, Act(what), note.strip())
    return go_to(f"/divergences/{divergence_id}")


@router.post("/divergences/waiting/{punch_id}")
def judge_punch(
    request: Request,
    words: Speaking,
    pages: Pages,
    attendance: Attendance,
    who: Writer,
    punch_id: int,
    what: Annotated[str, Form(max_length=20)] = "",
    at: Annotated[str, Form(max_length=20)] = "",
    cause: Note = "",
) -> Response:
    """Confirm the time of a punch that waits, or reject it."""
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=words.zone) if at else None
    except ValueError:
        moment = None
    if not cause.strip() or (what != "reject" and moment is None):
        key = "closing.cause_missing" if not cause.strip() else "waiting.time_missing"
        return _inbox(request, words, pages, who, "", "", words.t(key))
    try:
        if what == "reject":
            attendance.reject(who, punch_id, cause.strip())
        else:
            attendance.confirm(who, punch_id, moment, cause.strip())
    except Problem as problem:
        if problem.kind.status is not HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return _inbox(request, words, pages, who, "", "", words.t("waiting.time_wrong"))
    return go_to("/divergences#waiting")


def _inbox(
    request: Request,
    words: Words,
    pages: ClosingPages,
    who: Principal,
    month: str,
    show: str,
    error: str = "",
) -> Response:
    chosen = month_or_none(month) or month_of(pages.today())
    chosen = chosen if 2000 <= chosen.year < 2200 else month_chosen("", pages.today())
    return render(
        request,
        "pages/divergences.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        inbox=pages.inbox(who, chosen, words, pending=show != "all"),
        month=str(chosen),
        heading=words.month(chosen.first),
        show="all" if show == "all" else "pending",
        error=error,
    )


def _one(
    request: Request,
    words: Words,
    pages: ClosingPages,
    who: Principal,
    divergence_id: str,
    error: str = "",
    note: str = "",
) -> Response:
    return render(
        request,
        "pages/divergence.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.divergence(who, divergence_id, words),
        action=f"/divergences/{divergence_id}",
        error=error,
        note=note,
    )
