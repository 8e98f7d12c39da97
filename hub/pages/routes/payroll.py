"""Payroll for general affairs: a month's files, what was handed out, printed books."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.catalogue import Translator
from hub.pages.frame import Speaking
from hub.pages.months import last_month, month_or
from hub.pages.views.payroll import WrongLine, book_sheets, handover_line
from hub.pages.words import Words
from hub.payroll.endpoints import file_answer
from hub.payroll.profile_files import shipped
from hub.payroll.service import PayrollService
from hub.payroll.source import Asked
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.responses import language_of
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

router = APIRouter(include_in_schema=False)
Service = Annotated[PayrollService, provided(PayrollService)]
Clerk = Annotated[Principal, requires(Right.PAYROLL_EXPORT)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
MonthQuery = Annotated[str, Query(max_length=7)]
DepartmentQuery = Annotated[str, Query(max_length=80)]
_HISTORY: Final = 20


@router.get("/payroll")
def payroll_page(
    request: Request,
    words: Speaking,
    service: Service,
    who: Clerk,
    month: MonthQuery = "",
    department: DepartmentQuery = "",
) -> Response:
    """A month's files, the profiles, and what was handed out."""
    return _page(request, words, service, who, month_or(month, last_month(words)), department)


@router.get("/payroll/months/{month}/files/{what}")
def hand_out(
    request: Request,
    words: Speaking,
    service: Service,
    who: Clerk,
    month: str,
    what: str,
    department: DepartmentQuery = "",
    draft: bool = False,
) -> Response:
    """A file, or the page again with what stops it."""
    chosen = month_or(month, last_month(words))
    asked = Asked(chosen, department or None)
    try:
        if what == "workbook":
            t = Translator(language_of(request))
            return file_answer(service.book(who, asked, t, draft=draft))
        return file_answer(service.file(who, what, asked, draft=draft))
    except Problem as problem:
        if problem.kind.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise
        return _page(request, words, service, who, chosen, department, problem=problem)


@router.get("/payroll/sheets/{month}")
def printed(
    request: Request,
    words: Speaking,
    service: Service,
    who: Clerk,
    month: str,
    department: DepartmentQuery = "",
) -> Response:
    """The attendance book, one sheet a person, to print or to keep as PDF."""
    chosen = month_or(month, last_month(words))
    sheets = book_sheets(service.sheets(who, Asked(chosen, department or None)), words)
    return render(
        request, "pages/payroll_book.html", sheets=sheets, back=f"/payroll?month={chosen}"
    )


@router.get("/my/book/{month}")
def own_book(
    request: Request, words: Speaking, service: Service, who: Reader, month: str
) -> Response:
    """One's own sheet of the book."""
    chosen = month_or(month, last_month(words))
    if who.person_id is None:
        raise Problem(NOT_FOUND, "this account is no person's")
    sheets = book_sheets(service.sheets(who, Asked(chosen, person_id=who.person_id)), words)
    return render(
        request, "pages/payroll_book.html", sheets=sheets, back=f"/my/month?month={chosen}"
    )


# --- inside --------------------------------------------------------------------------------------


def _page(
    request: Request,
    words: Words,
    service: PayrollService,
    who: Principal,
    month: Month,
    department: str,
    *,
    problem: Problem | None = None,
) -> Response:
    wrong = [
        WrongLine(each.field, "", each.message) for each in (problem.fields if problem else ())
    ]
    history = service.handovers(None, _HISTORY).items
    return render(
        request,
        "pages/payroll.html",
        status=HTTPStatus(problem.kind.status) if problem else HTTPStatus.OK,
        month=str(month),
        month_words=words.form_month(month.first),
        department=department,
        departments=service.departments(who),
        own=service.profiles(),
        shipped=shipped(),
        history=[handover_line(each, shipped(), words) for each in history],
        problem=words.t(f"problem.{problem.kind.code}.title") if problem else "",
        advice=words.t(f"problem.{problem.kind.code}.advice") if problem else "",
        wrong=wrong,
    )
