"""Leave: what is left, the ledger; for personnel grants and the year's end."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.pages.delegation_pages import DelegationPages
from hub.pages.frame import Speaking, go_to
from hub.pages.leave_pages import LeavePages
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, NOT_FOUND, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[LeavePages, provided(LeavePages)]
Yearly = Annotated[YearlyLeave, provided(YearlyLeave)]
Leave = Annotated[LeaveService, provided(LeaveService)]
StandIns = Annotated[DelegationPages, provided(DelegationPages)]
Own = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_READ)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
Year = Annotated[int, Query(ge=2000, le=2198)]
YearForm = Annotated[int, Form(ge=2000, le=2198)]


@dataclass(frozen=True, slots=True)
class YearlyChoice:
    """Which kind and year the page of grants is about."""

    kind: str
    year: int


@router.get("/leave")
def balances(request: Request, words: Speaking, pages: Pages, who: Own) -> Response:
    """One's own balances; personnel may ask for somebody's."""
    return _balances(request, words, pages, who, who.person_id)


@router.post("/leave")
def look_up(
    request: Request,
    words: Speaking,
    pages: Pages,
    stand_ins: StandIns,
    who: Reader,
    number: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Find somebody by their staff number, which no address ever holds."""
    person_id = stand_ins.by_number(number)
    if person_id is None:
        return _balances(request, words, pages, who, None, unknown=True, number=number)
    return go_to(f"/leave/people/{person_id}")


@router.get("/leave/people/{person_id}")
def balances_of(
    request: Request, words: Speaking, pages: Pages, who: Reader, person_id: str
) -> Response:
    """Somebody's balances."""
    return _balances(request, words, pages, who, person_id)


@router.get("/leave/yearly")
def yearly(
    request: Request,
    words: Speaking,
    pages: Pages,
    leave: Leave,
    _who: Writer,
    kind: Annotated[str, Query(max_length=40)] = "annual",
    year: Year | None = None,
    granted: Annotated[int | None, Query(ge=0, le=100_000)] = None,
    ended: Annotated[int | None, Query(ge=0, le=100_000)] = None,
) -> Response:
    """What would be granted for a year and carried over from it; nothing is done yet."""
    if kind not in leave.kinds:
        raise Problem(NOT_FOUND, "no such kind of leave")
    chosen = YearlyChoice(kind, year if year is not None else words.today.year)
    done = ""
    if granted is not None:
        done = words.t("leave.granted_to", count=granted)
    if ended is not None:
        done = words.t("leave.ended_for", count=ended)
    return render(
        request,
        "pages/leave_yearly.html",
        chosen=chosen,
        kinds=pages.granted_kinds(words),
        year_text=pages.year(chosen.kind, chosen.year, words),
        grants=pages.grants(chosen.kind, chosen.year, words),
        ends=pages.ends(chosen.kind, chosen.year, words),
        is_over=leave.is_over(leave.kind(kind), chosen.year),
        done=done,
    )


@router.post("/leave/yearly/grant")
def grant(
    service: Yearly,
    who: Writer,
    kind: Annotated[str, Form(max_length=40)],
    year: YearForm,
) -> Response:
    """Grant it to those who were not granted it yet."""
    count = len(service.grant(who, kind, year))
    return go_to(f"/leave/yearly?kind={kind}&year={year}&granted={count}")


@router.post("/leave/yearly/end")
def end_year(
    service: Yearly,
    who: Writer,
    kind: Annotated[str, Form(max_length=40)],
    year: YearForm,
) -> Response:
    """End a year that is over."""
    try:
        count = service.end_year(who, kind, year)
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        return go_to(f"/leave/yearly?kind={kind}&year={year}")
    return go_to(f"/leave/yearly?kind={kind}&year={year}&ended={count}")


def _balances(
    request: Request,
    words: Words,
    pages: LeavePages,
    who: Principal,
    person_id: str | None,
    *,
    unknown: bool = False,
    number: str = "",
) -> Response:
    page = pages.page(who, person_id, words) if person_id is not None else None
    return render(
        request,
        "pages/leave.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if unknown else HTTPStatus.OK,
        page=page,
        number=number,
        reads=who.may(Right.ATTENDANCE_READ),
        unknown=unknown,
        may_write=who.may(Right.ATTENDANCE_WRITE),
    )
