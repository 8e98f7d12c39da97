"""Departments for personnel: the tree, and one with the terms that hold from a day on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.staff_pages import StaffPages
from hub.pages.staff_refusals import day_of, refusal_of
from hub.pages.words import Words
from hub.staff.department_rows import DEPARTMENT
from hub.staff.domain import DepartmentTerm
from hub.staff.service import StaffService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right
from hub.worktime.domain import CapType

router = APIRouter(include_in_schema=False)
Pages = Annotated[StaffPages, provided(StaffPages)]
Staff = Annotated[StaffService, provided(StaffService)]
Rows = Annotated[AuditedRows, provided(AuditedRows)]
Reader = Annotated[Principal, requires(Right.STAFF_READ)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
Text = Annotated[str, Form(max_length=100)]
Day = Annotated[str, Form(max_length=10)]
Id = Annotated[str, Form(max_length=80)]
Values: TypeAlias = dict[str, str | None]


def _values(
    code: Text = "", name: Text = "", name_kana: Text = "", name_en: Text = "", parent: Id = ""
) -> Values:
    return {
        "code": code.strip(),
        "name": name.strip(),
        "name_kana": name_kana.strip(),
        "name_en": name_en.strip(),
        "parent_id": parent or None,
    }


Written = Annotated[Values, Depends(_values)]


@router.get("/staff/departments")
def departments_page(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """The tree, and a form for one more."""
    return _departments(request, words, pages, who)


@router.post("/staff/departments")
def add_department(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    values: Written,
) -> Response:
    """Add a department."""
    error = _refused(values, partial(rows.add, who, DEPARTMENT, values), words)
    return _departments(request, words, pages, who, error) if error else go_to("/staff/departments")


@router.get("/staff/departments/{department_id}")
def department_page(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    rows: Rows,
    who: Reader,
    department_id: str,
) -> Response:
    """One department with its terms."""
    return _department(request, words, pages, staff, rows, who, department_id)


@router.post("/staff/departments/{department_id}")
def change_department(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    rows: Rows,
    who: Writer,
    department_id: str,
    values: Written,
    what: Text = "save",
) -> Response:
    """Change a department, or remove it."""
    if what == "drop":
        error = refusal_of(lambda: staff.drop_department(who, department_id), words)
    else:
        change = partial(rows.change, who, DEPARTMENT, department_id, values)
        error = _refused(values, change, words)
    if error:
        return _department(request, words, pages, staff, rows, who, department_id, error)
    return go_to("/staff/departments")


@router.post("/staff/departments/{department_id}/terms")
def set_term(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    rows: Rows,
    who: Writer,
    department_id: str,
    starts_on: Day = "",
    cap_type: CapType = CapType.ORDINARY,
    article_36: Text = "",
    what: Text = "set",
) -> Response:
    """Say what holds from a day on, or take it back."""

    def work() -> None:
        first = day_of(starts_on)
        if what == "drop":
            staff.drop_term(who, department_id, first)
            return
        staff.put_term(who, DepartmentTerm(department_id, first, cap_type, article_36 == "yes"))

    error = refusal_of(work, words)
    if error:
        return _department(request, words, pages, staff, rows, who, department_id, error)
    return go_to(f"/staff/departments/{department_id}")


def _refused(values: Values, work: Callable[[], object], words: Words) -> str:
    """Keep what a department's form says; give what is wrong with it, empty for nothing."""
    code = values["code"] or ""
    bare = code.replace("_", "0").replace("-", "0").replace(".", "0")
    if not (code.isascii() and bare.isalnum()):
        return words.t("staff_code.bad_department_code")
    if not values["name"]:
        return words.t("staff_error.form")
    try:
        return refusal_of(work, words)
    except DuplicateError:
        return words.t("staff_error.twice")


def _departments(
    request: Request, words: Words, pages: StaffPages, who: Principal, error: str = ""
) -> Response:
    return render(
        request,
        "pages/staff_departments.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        lines=pages.tree(words, words.today),
        may_write=who.may(Right.STAFF_WRITE),
        error=error,
    )


def _department(
    request: Request,
    words: Words,
    pages: StaffPages,
    staff: StaffService,
    rows: AuditedRows,
    who: Principal,
    department_id: str,
    error: str = "",
) -> Response:
    return render(
        request,
        "pages/staff_department.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        department=rows.get(who, DEPARTMENT, department_id),
        terms=staff.terms(who, department_id),
        caps=list(CapType),
        lines=pages.tree(words, words.today),
        may_write=who.may(Right.STAFF_WRITE),
        today=words.today.isoformat(),
        error=error,
    )
