"""Shift codes: what a date may be called on a roster, and from when to when that is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.views.shift_code import (
    ShiftCodeForm,
    code_form,
    code_lines,
    read_code_form,
    refused,
    typed_form,
)
from hub.pages.words import Words
from hub.rosters import repository
from hub.rosters.domain import ShiftCode
from hub.rosters.kinds import SHIFT_CODE
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Rows = Annotated[AuditedRows, provided(AuditedRows)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
_LIST = "/rosters/codes"


@router.get("/rosters/codes")
def codes_page(request: Request, words: Speaking, rows: Rows, who: Staff) -> Response:
    """Every code, and in which patterns it stands."""
    codes, patterns = rows.look(lambda scope: (repository.codes(scope), repository.patterns(scope)))
    lines = code_lines(codes, patterns, words)
    return render(
        request,
        "pages/shift_codes.html",
        lines=[each for each in lines if not each.retired],
        retired=[each for each in lines if each.retired],
        may_write=who.may(Right.ATTENDANCE_WRITE),
    )


@router.get("/rosters/codes/new")
def new_code(request: Request, words: Speaking, rows: Rows, _who: Writer) -> Response:
    """An empty form."""
    return _form(request, words, rows, code_form(None))


@router.post("/rosters/codes/new")
async def add_code(request: Request, words: Speaking, rows: Rows, who: Writer) -> Response:
    """Add a code, or give the form back with what is wrong."""
    return await _write(request, words, rows, who, None)


@router.get("/rosters/codes/{code_id}")
def code_page(request: Request, words: Speaking, rows: Rows, who: Writer, code_id: str) -> Response:
    """A code's form."""
    return _form(request, words, rows, code_form(rows.get(who, SHIFT_CODE, code_id)))


@router.post("/rosters/codes/{code_id}")
async def change_code(
    request: Request, words: Speaking, rows: Rows, who: Writer, code_id: str
) -> Response:
    """Change a code; months that stand on it are reckoned anew."""
    return await _write(request, words, rows, who, rows.get(who, SHIFT_CODE, code_id))


@router.post("/rosters/codes/{code_id}/retire")
def retire_code(
    request: Request, words: Speaking, rows: Rows, who: Writer, code_id: str, back: str = ""
) -> Response:
    """Let nobody be given a code any more, or with `back` let them again."""
    code = rows.get(who, SHIFT_CODE, code_id)
    try:
        rows.change(who, SHIFT_CODE, code_id, {"retired": back != "1"})
    except Problem as problem:
        return _form(request, words, rows, typed_form(code, _as_sent(code), _told(problem, words)))
    return go_to(_LIST)


async def _write(
    request: Request, words: Words, rows: AuditedRows, who: Principal, code: ShiftCode | None
) -> Response:
    form = await request.form()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    values, errors = read_code_form(given, words)
    if not errors:
        try:
            if code is None:
                rows.add(who, SHIFT_CODE, values)
            else:
                rows.change(who, SHIFT_CODE, code.id, values)
        except DuplicateError:
            errors = {"code": words.t("shift.error.twice")}
        except Problem as problem:
            errors = _told(problem, words)
    if errors:
        return _form(request, words, rows, typed_form(code, given, errors))
    return go_to(_LIST)


def _told(problem: Problem, words: Words) -> dict[str, str]:
    if problem.kind is not INVALID:
        raise problem
    return refused(problem, words)


def _as_sent(code: ShiftCode) -> dict[str, str]:
    form = code_form(code)
    given = {"code": form.code, "name": form.name, "name_en": form.name_en}
    for kind, lines in (("stretch", form.stretches), ("break", form.breaks)):
        for line in lines:
            given[f"{kind}_start_{line.number}"] = line.start
            given[f"{kind}_end_{line.number}"] = line.end
    return given


def _form(request: Request, words: Words, rows: AuditedRows, form: ShiftCodeForm) -> Response:
    patterns = rows.look(repository.patterns) if form.id else ()
    held = [one for one in patterns if form.id in one.codes and not one.retired]
    return render(
        request,
        "pages/shift_code.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
        form=form,
        held=[(each.id, words.name(each.name, each.name_en)) for each in held],
    )
