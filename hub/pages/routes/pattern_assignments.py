"""A department's patterns: who works by which from when on, what follows, assigning and ending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.views.pattern_assignment import (
    AssignmentForm,
    department_patterns,
    refused,
    subjects_of,
)
from hub.pages.words import Words
from hub.rosters.assigning import SUBJECTS_MAX, AssignmentsService
from hub.staff.service import StaffService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem, invalid
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[AssignmentsService, provided(AssignmentsService)]
StaffRows = Annotated[StaffService, provided(StaffService)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Day = Annotated[str, Form(max_length=10)]
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)


@router.get("/rosters/{department_id}/patterns")
def patterns_of(
    request: Request,
    words: Speaking,
    service: Service,
    staff: StaffRows,
    who: Staff,
    department_id: str,
) -> Response:
    """Who of a department works by what, and a form to assign a pattern."""
    return _page(request, words, service, staff, who, department_id, AssignmentForm())


@router.post("/rosters/{department_id}/patterns")
async def assign(
    request: Request,
    words: Speaking,
    service: Service,
    staff: StaffRows,
    who: Staff,
    department_id: str,
) -> Response:
    """Assign a pattern to all who are ticked, or to nobody and say why."""
    sent = await request.form(max_fields=SUBJECTS_MAX + 20)

    def text(name: str) -> str:
        value = sent.get(name, "")
        return value if isinstance(value, str) else ""

    ticked = frozenset(each for each in sent.getlist("subject") if isinstance(each, str))
    pattern, starts_on, ends_on = text("pattern"), text("starts_on"), text("ends_on")
    errors: dict[str, str] = {}
    first, last = _day(starts_on), _day(ends_on)
    if not ticked:
        errors["subjects"] = words.t("pattern_for.error.nobody")
    if not pattern or len(pattern) > 80 or not pattern.isprintable():
        errors["pattern_id"] = words.t("pattern_for.error.pattern")
    if first is None:
        errors["starts_on"] = words.t("pattern_for.error.date")
    if ends_on.strip() and last is None:
        errors["ends_on"] = words.t("pattern_for.error.date")
    if not errors and first is not None:
        subjects = subjects_of(ticked, department_id)

        def work() -> object:
            return service.assign(who, department_id, pattern, subjects, first, last)

        errors = _tried(work, service, words, who, department_id)
    if errors:
        shown = AssignmentForm(pattern, starts_on, ends_on, ticked, errors)
        return _page(request, words, service, staff, who, department_id, shown)
    return go_to(f"/rosters/{department_id}/patterns")


@router.post("/rosters/{department_id}/patterns/{assignment_id}/end")
def end(
    request: Request,
    words: Speaking,
    service: Service,
    staff: StaffRows,
    who: Staff,
    department_id: str,
    assignment_id: str,
    last: Day = "",
    what: Day = "end",
) -> Response:
    """Let an assignment end with a date; or take it away, as if it had never been."""
    day = _day(last)

    def work() -> None:
        if what == "remove":
            service.remove(who, department_id, assignment_id)
        elif day is None:
            raise invalid("ends_on", "date", "a date")
        else:
            service.end(who, department_id, assignment_id, day)

    errors = _tried(work, service, words, who, department_id)
    if errors:
        told = {f"end.{assignment_id}": next(iter(errors.values()))}
        form = AssignmentForm(errors=told)
        return _page(
            request, words, service, staff, who, department_id, form, (assignment_id, last)
        )
    return go_to(f"/rosters/{department_id}/patterns")


def _tried(
    work: Callable[[], object],
    service: AssignmentsService,
    words: Words,
    who: Principal,
    department_id: str,
) -> dict[str, str]:
    """Do something; give what is wrong by field."""
    try:
        work()
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        return refused(problem, service.plan(who, department_id), words)
    return {}


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


def _page(
    request: Request,
    words: Words,
    service: AssignmentsService,
    staff: StaffService,
    who: Principal,
    department_id: str,
    form: AssignmentForm,
    ending: tuple[str, str] = ("", ""),
) -> Response:
    plan = service.plan(who, department_id)
    return render(
        request,
        "pages/pattern_assignments.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
        page=department_patterns(plan, staff.kinds, form, words),
        form=form,
        ending=ending,
        today=words.today.isoformat(),
        may_make=who.may(Right.ATTENDANCE_WRITE),
    )
