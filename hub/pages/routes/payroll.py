"""Payroll for general affairs: a month's files, profiles with a preview, printed books."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from hub.catalogue import Translator
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.views.payroll import (
    WrongLine,
    book_sheets,
    column_form,
    field_choices,
    handover_line,
    wrong_lines,
)
from hub.pages.words import Words
from hub.payroll.endpoints import file_answer
from hub.payroll.profile import (
    ClockForm,
    Column,
    DateForm,
    FileEncoding,
    MinuteForm,
    Pad,
    Profile,
    Quoting,
    RowKind,
)
from hub.payroll.profile_files import shipped
from hub.payroll.service import PayrollService, Preview
from hub.payroll.source import Asked
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.responses import language_of
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month, month_of

router = APIRouter(include_in_schema=False)
Service = Annotated[PayrollService, provided(PayrollService)]
Clerk = Annotated[Principal, requires(Right.PAYROLL_EXPORT)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
MonthQuery = Annotated[str, Query(max_length=7)]
DepartmentQuery = Annotated[str, Query(max_length=80)]
_HISTORY: Final = 20
_COLUMNS_MAX: Final = 200
_NEW: Final = "new"


def month_or(text: str, otherwise: Month) -> Month:
    """Read `2026-11`; give the other for what is none."""
    year, _, number = text.partition("-")
    if len(text) == 7 and text.isascii() and year.isdigit() and number.isdigit():
        found = Month(int(year), int(number))
        if 2000 <= found.year <= 2199 and 1 <= found.number <= 12:
            return found
    return otherwise


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
    return _page(request, words, service, who, month_or(month, _last(words)), department)


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
    chosen = month_or(month, _last(words))
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
    chosen = month_or(month, _last(words))
    sheets = book_sheets(service.sheets(who, Asked(chosen, department or None)), words)
    return render(
        request, "pages/payroll_book.html", sheets=sheets, back=f"/payroll?month={chosen}"
    )


@router.get("/my/book/{month}")
def own_book(
    request: Request, words: Speaking, service: Service, who: Reader, month: str
) -> Response:
    """One's own sheet of the book."""
    chosen = month_or(month, _last(words))
    if who.person_id is None:
        raise Problem(NOT_FOUND, "this account is no person's")
    sheets = book_sheets(service.sheets(who, Asked(chosen, person_id=who.person_id)), words)
    return render(
        request, "pages/payroll_book.html", sheets=sheets, back=f"/my/month?month={chosen}"
    )


@router.get("/payroll/profiles/{profile_id}")
def profile_page(
    request: Request,
    words: Speaking,
    service: Service,
    _who: Clerk,
    profile_id: str,
    copy: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """A profile's form: a kept one, or a new one that begins as a copy of a shipped one."""
    if profile_id == _NEW:
        begun = shipped().get(copy, shipped()["monthly-classes"])
        return _form(request, words, _Edited(_NEW, begun.title, begun))
    kept = service.profile(profile_id)
    return _form(request, words, _Edited(kept.id, kept.name, kept.profile))


@router.post("/payroll/profiles/{profile_id}")
async def change_profile(
    request: Request, words: Speaking, service: Service, who: Clerk, profile_id: str
) -> Response:
    """Keep a profile, show a preview, change its columns, or remove it."""
    given = await request.form(max_fields=_COLUMNS_MAX * 10)
    what = _text(given, "what")
    if what == "drop" and profile_id != _NEW:
        service.drop_profile(who, profile_id)
        return go_to("/payroll")
    try:
        edited = _Edited(profile_id, _text(given, "name").strip(), _wanted(given, what))
    except (ValueError, msgspec.ValidationError) as error:
        before = service.profile(profile_id).profile if profile_id != _NEW else _blank()
        shown = _Edited(profile_id, _text(given, "name"), before)
        return _form(request, words, shown, error=str(error))
    if what == "preview":
        chosen = month_or(_text(given, "month"), _last(words))
        return _previewed(request, words, service, who, edited, chosen)
    if what != "save":
        return _form(request, words, edited)
    try:
        if profile_id == _NEW:
            service.make_profile(who, edited.name, edited.profile)
        else:
            service.change_profile(who, profile_id, edited.name, edited.profile)
    except DuplicateError:
        taken = words.t("problem.already_exists.title")
        return _form(request, words, edited, error=taken)
    except Problem as problem:
        return _form(request, words, edited, error=_told(problem))
    return go_to("/payroll")


# --- inside --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edited:
    """A profile in the form."""

    id: str
    name: str
    profile: Profile


def _last(words: Words) -> Month:
    """Last month: what is handed over in the first days of the next."""
    return month_of(words.today).plus(-1)


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


def _form(
    request: Request,
    words: Words,
    edited: _Edited,
    *,
    error: str = "",
    preview: Preview | None = None,
    month: Month | None = None,
) -> Response:
    profile = edited.profile
    return render(
        request,
        "pages/payroll_profile.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        id=edited.id,
        name=edited.name,
        profile=profile,
        columns=[column_form(each) for each in profile.columns],
        choices=field_choices(profile.rows, words),
        forms=_FORMS,
        rows=[each.value for each in RowKind],
        pads=[each.value for each in Pad],
        encodings=[each.value for each in FileEncoding],
        quotings=[each.value for each in Quoting],
        month=str(month or _last(words)),
        error=error,
        preview=preview,
        wrong=wrong_lines(preview.wrong, words) if preview else [],
    )


_FORMS: Final = (
    *(("minutes", each.value) for each in MinuteForm),
    *(("clock", each.value) for each in ClockForm),
    *(("date", each.value) for each in DateForm),
)


def _previewed(
    request: Request,
    words: Words,
    service: PayrollService,
    who: Principal,
    edited: _Edited,
    month: Month,
) -> Response:
    try:
        found = service.preview(who, edited.profile, Asked(month))
    except Problem as problem:
        return _form(request, words, edited, error=_told(problem), month=month)
    return _form(request, words, edited, preview=found, month=month)


def _told(problem: Problem) -> str:
    told = " ".join(
        f"{each.field.removeprefix('body.')}: {each.message}" for each in problem.fields
    )
    return told or problem.detail


def _blank() -> Profile:
    return Profile(title="-", rows=RowKind.MONTH, columns=(Column(field="staff_number"),))


def _text(given: FormData, name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or "\x00" in value:
        return ""
    return value


def _wanted(given: FormData, what: str) -> Profile:
    """Read the form; raise `ValueError` for what is no profile. `what` may be a button of a column:
    `add`, `up-3`, `down-3`, `remove-3`."""
    count = min(int(_text(given, "count") or 0), _COLUMNS_MAX)
    columns = _arranged([_column(given, number) for number in range(count)], what)
    made = {
        "title": _text(given, "name").strip(),
        "rows": _text(given, "rows"),
        "columns": columns,
        "encoding": _text(given, "encoding"),
        "crlf": _text(given, "crlf") == "yes",
        "header": _text(given, "header") == "yes",
        "delimiter": _text(given, "delimiter") or ",",
        "quoting": _text(given, "quoting"),
        "skip_empty": _text(given, "skip_empty") == "yes",
        "file_name": _text(given, "file_name").strip(),
    }
    return msgspec.convert(made, Profile)


def _arranged(columns: list[Column], what: str) -> tuple[Column, ...]:
    verb, _, number = what.partition("-")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1
    if verb == "add" and len(columns) < _COLUMNS_MAX:
        columns.append(Column())
    elif verb == "remove" and 0 <= at < len(columns) and len(columns) > 1:
        del columns[at]
    elif verb in ("up", "down") and 0 <= at < len(columns):
        other = at + (-1 if verb == "up" else 1)
        if 0 <= other < len(columns):
            columns[at], columns[other] = columns[other], columns[at]
    return tuple(columns)


def _column(given: FormData, number: int) -> Column:
    def text(name: str) -> str:
        return _text(given, f"{name}_{number}").strip()

    kind, _, form = text("form").partition(":")
    field = text("field") or None
    width = text("width")
    made = {
        "title": text("title"),
        "field": field,
        "text": "" if field else text("text"),
        "pad": text("pad") or Pad.NONE.value,
        "places": int(text("places") or Column().places),
        "width": int(width) if width.isascii() and width.isdigit() else None,
        "zero_is_empty": text("blank") == "yes",
        "words": _pairs(text("words")),
    }
    if kind in ("minutes", "clock", "date"):
        made[kind] = form
    return msgspec.convert(made, Column)


def _pairs(text: str) -> dict[str, str]:
    """Read `overtime=101, day_off=111`."""
    pairs = (part.partition("=") for part in text.split(","))
    return {value.strip(): word.strip() for value, sign, word in pairs if sign and value.strip()}
