"""Staff for personnel: who is there on a date, one person, departments, and who has left."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.catalogue import Language
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.sealed_words import opened_words, sealed_words
from hub.pages.staff_pages import StaffPages
from hub.pages.views.staff import day_or_none
from hub.pages.words import Words
from hub.staff.department_rows import DEPARTMENT
from hub.staff.domain import DepartmentTerm, Place, StaffContact
from hub.staff.rows import MAIL
from hub.staff.service import StaffFilter, StaffService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import FORBIDDEN, INTERNAL, NOT_FOUND, Problem
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
_SEARCH = "staff"
_SPOKEN = frozenset({"starts_that_day", "cycle", "inverted"})


@router.get("/staff")
def staff_list(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    on: Annotated[str, Query(max_length=10)] = "",
    department: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=1000, description="Sealed.")] = "",
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Who is employed on a date."""
    day = day_or_none(on) or words.today
    text = opened_words(pages.core.keys, who, _SEARCH, q)
    wanted = StaffFilter(day, department or None, kind or None, text)
    asked = {"on": day.isoformat(), "department": department, "kind": kind, "text": text, "q": q}
    listed = pages.listed(who, wanted, cursor or None, words)
    return render(request, "pages/staff.html", staff=listed, asked=asked)


@router.post("/staff/find")
def find_staff(
    pages: Pages,
    who: Reader,
    on: Day = "",
    department: Id = "",
    kind: Text = "",
    text: Text = "",
) -> Response:
    """The same for a name, which does not belong into an address."""
    sealed = sealed_words(pages.core.keys, who, _SEARCH, text)
    asked = {"on": on, "department": department, "kind": kind, "q": sealed}
    return go_to(f"/staff?{urlencode({name: said for name, said in asked.items() if said})}")


@router.get("/staff/leavers")
def leavers_page(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Who has left and is still let in."""
    return render(
        request,
        "pages/staff_leavers.html",
        lines=pages.leavers(who, words),
        by_hub=pages.core.settings.staff.block_leavers,
        may_write=who.may(Right.STAFF_WRITE),
    )


@router.post("/staff/leavers/{person_id}/block")
def block_leaver(staff: Staff, who: Writer, person_id: str) -> Response:
    """Deny somebody who has left every door."""
    staff.block(who, person_id)
    return go_to("/staff/leavers")


# --- one person --------------------------------------------------------------------------------


@router.get("/staff/people/{person_id}")
def person_page(
    request: Request, words: Speaking, pages: Pages, who: Reader, person_id: str
) -> Response:
    """One person."""
    return _person(request, words, pages, who, person_id)


@router.post("/staff/people/{person_id}/hire")
def hire(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    who: Writer,
    person_id: str,
    starts_on: Day = "",
    ends_on: Day = "",
    department: Id = "",
    kind: Text = "",
    post: Text = "",
    heads: Text = "",
) -> Response:
    """Employ somebody."""
    first, last = day_or_none(starts_on), day_or_none(ends_on)
    place = Place(department, kind, post.strip(), heads == "yes")

    def work() -> None:
        if first is None or (ends_on and last is None):
            raise _BadDateError
        staff.hire(who, person_id, place, first, last)

    return _done(request, words, pages, who, person_id, work)


@router.post("/staff/people/{person_id}/transfer")
def transfer(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    who: Writer,
    person_id: str,
    starts_on: Day = "",
    department: Id = "",
    kind: Text = "",
    post: Text = "",
    heads: Text = "",
) -> Response:
    """Transfer somebody."""
    first = day_or_none(starts_on)
    place = Place(department, kind, post.strip(), heads == "yes")

    def work() -> None:
        if first is None:
            raise _BadDateError
        staff.transfer(who, person_id, first, place)

    return _done(request, words, pages, who, person_id, work)


@router.post("/staff/people/{person_id}/retire")
def retire(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    who: Writer,
    person_id: str,
    ends_on: Day = "",
) -> Response:
    """End somebody's employment; their page says what still lets them in."""
    last = day_or_none(ends_on)

    def work() -> None:
        if last is None:
            raise _BadDateError
        staff.retire(who, person_id, last)

    return _done(request, words, pages, who, person_id, work)


@router.post("/staff/people/{person_id}/employments/{employment_id}")
def correct(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    who: Writer,
    person_id: str,
    employment_id: str,
    starts_on: Day = "",
    ends_on: Day = "",
    department: Id = "",
    kind: Text = "",
    post: Text = "",
    heads: Text = "",
    remove: Text = "",
) -> Response:
    """Correct an employment, or remove it once the tick is set."""
    first, last = day_or_none(starts_on), day_or_none(ends_on)
    place = {
        "department_id": department,
        "kind": kind,
        "post": post.strip(),
        "heads": heads == "yes",
    }

    def work() -> None:
        if remove == "yes":
            staff.drop(who, employment_id)
            return
        if first is None or (ends_on and last is None):
            raise _BadDateError
        staff.correct(who, employment_id, {"starts_on": first, "ends_on": last, **place})

    return _done(request, words, pages, who, person_id, work)


@router.post("/staff/people/{person_id}/contact")
def set_contact(
    request: Request,
    words: Speaking,
    pages: Pages,
    staff: Staff,
    who: Writer,
    person_id: str,
    mail: Annotated[str, Form(max_length=254)] = "",
    language: Language = Language.JA,
) -> Response:
    """Say where somebody is written to."""
    mail = mail.strip()
    if mail and not MAIL.fullmatch(mail):
        error = words.t("staff_code.bad_mail")
        return _person(request, words, pages, who, person_id, error)
    contact = StaffContact(person_id, mail or None, language.value)
    return _done(request, words, pages, who, person_id, lambda: staff.put_contact(who, contact))


@router.post("/staff/people/{person_id}/block")
def block(
    request: Request, words: Speaking, pages: Pages, staff: Staff, who: Writer, person_id: str
) -> Response:
    """Deny somebody who has left every door."""
    return _done(request, words, pages, who, person_id, lambda: staff.block(who, person_id))


class _BadDateError(Exception):
    """A form's date is none."""


def _done(
    request: Request,
    words: Words,
    pages: StaffPages,
    who: Principal,
    person_id: str,
    work: Callable[[], object],
) -> Response:
    """Do something and go back to the person, or show the page again with what is wrong."""
    error = _error_of(work, words)
    if error:
        return _person(request, words, pages, who, person_id, error)
    return go_to(f"/staff/people/{person_id}")


def _error_of(work: Callable[[], object], words: Words) -> str:
    """Do something; give what is wrong in the page's language, empty for nothing."""
    try:
        work()
    except _BadDateError:
        return words.t("staff_error.date")
    except Problem as problem:
        if problem.kind in (NOT_FOUND, FORBIDDEN, INTERNAL):
            raise
        codes = [each.code for each in problem.fields]
        if not codes:
            return words.t(f"problem.{problem.kind.code}.title")
        code = codes[0]
        if words.t.has(f"staff_code.{code}"):
            return words.t(f"staff_code.{code}")
        return words.t(f"staff_error.{code if code in _SPOKEN else 'form'}")
    return ""


def _person(
    request: Request,
    words: Words,
    pages: StaffPages,
    who: Principal,
    person_id: str,
    error: str = "",
) -> Response:
    return render(
        request,
        "pages/staff_person.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.page(who, person_id, words),
        today=words.today.isoformat(),
        error=error,
    )


# --- departments -------------------------------------------------------------------------------


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
    code: Text = "",
    name: Text = "",
    name_kana: Text = "",
    name_en: Text = "",
    parent: Id = "",
) -> Response:
    """Add a department."""
    values = _values(code, name, name_kana, name_en, parent)
    error = _department_error(values, words) or _written(
        lambda: rows.add(who, DEPARTMENT, values), words
    )
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
    code: Text = "",
    name: Text = "",
    name_kana: Text = "",
    name_en: Text = "",
    parent: Id = "",
    what: Text = "save",
) -> Response:
    """Change a department, or remove it."""
    if what == "drop":
        error = _error_of(lambda: staff.drop_department(who, department_id), words)
    else:
        values = _values(code, name, name_kana, name_en, parent)
        error = _department_error(values, words) or _written(
            lambda: rows.change(who, DEPARTMENT, department_id, values), words
        )
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
    first = day_or_none(starts_on)

    def work() -> None:
        if first is None:
            raise _BadDateError
        if what == "drop":
            staff.drop_term(who, department_id, first)
            return
        staff.put_term(who, DepartmentTerm(department_id, first, cap_type, article_36 == "yes"))

    error = _error_of(work, words)
    if error:
        return _department(request, words, pages, staff, rows, who, department_id, error)
    return go_to(f"/staff/departments/{department_id}")


def _values(code: str, name: str, kana: str, name_en: str, parent: str) -> dict[str, str | None]:
    return {
        "code": code.strip(),
        "name": name.strip(),
        "name_kana": kana.strip(),
        "name_en": name_en.strip(),
        "parent_id": parent or None,
    }


def _department_error(values: dict[str, str | None], words: Words) -> str:
    code = values["code"] or ""
    if not (
        code
        and code.isascii()
        and code.replace("_", "0").replace("-", "0").replace(".", "0").isalnum()
    ):
        return words.t("staff_code.bad_department_code")
    return "" if values["name"] else words.t("staff_error.form")


def _written(work: Callable[[], object], words: Words) -> str:
    try:
        return _error_of(work, words)
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
