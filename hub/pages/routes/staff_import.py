"""Files of staff: try one, see all that it would do, do it; the history; profiles."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response
from starlette.datastructures import FormData

from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.staff_pages import StaffPages
from hub.pages.views.staff import day_or_none, file_line, profile_form, tried_card
from hub.pages.words import Words
from hub.staff.import_repository import Profile
from hub.staff.import_schemas import StaffProfileIn
from hub.staff.importing import StaffImports, Tried
from hub.staff.profile import Shape, StaffField
from hub.tabular.dates import plain
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import FORBIDDEN, INTERNAL, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[StaffPages, provided(StaffPages)]
Imports = Annotated[StaffImports, provided(StaffImports)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
_HISTORY = 20
_LEAVERS_MAX = 20_000


@router.get("/staff/import")
def import_page(
    request: Request, words: Speaking, pages: Pages, imports: Imports, _who: Writer
) -> Response:
    """The form, the profiles, and what was tried so far."""
    return _page(request, words, pages, imports)


@router.post("/staff/import")
def try_file(
    request: Request,
    words: Speaking,
    pages: Pages,
    imports: Imports,
    who: Writer,
    profile: Annotated[str, Form(max_length=64)] = "",
    effective_on: Annotated[str, Form(max_length=10)] = "",
    file: UploadFile | None = None,
) -> Response:
    """Say all that a file would do; nothing is changed."""
    data = file.file.read() if file is not None and file.filename else b""
    on = day_or_none(effective_on)
    if not data or not profile:
        return _page(request, words, pages, imports, error=words.t("csv.no_file"))
    if on is None:
        return _page(request, words, pages, imports, error=words.t("staff_error.date"))
    name = file.filename if file else None
    try:
        found = imports.try_file(who, profile, name, data, on)
    except Problem as problem:
        return _page(request, words, pages, imports, error=_told(problem, words))
    return _page(request, words, pages, imports, found=found)


@router.post("/staff/imports/{import_id}/confirm")
async def confirm(
    request: Request, words: Speaking, pages: Pages, imports: Imports, who: Writer, import_id: str
) -> Response:
    """Do the file that was tried, with the leavers that are ticked."""
    given = await request.form(max_fields=_LEAVERS_MAX + 10)
    leavers = [each for each in given.getlist("leaver") if isinstance(each, str)]
    sure = given.get("accept_shrink") == "yes"
    try:
        found = imports.confirm(who, import_id, leavers, accept_shrink=sure)
    except Problem as problem:
        error = words.t("csv.gone") if problem.kind.status == 404 else _told(problem, words)
        waiting = imports.tried(import_id) if problem.kind.status == 409 else None
        return _page(request, words, pages, imports, found=waiting, error=error)
    return _page(request, words, pages, imports, found=found)


@router.get("/staff/import/profiles/{profile_id}")
def profile_page(
    request: Request, words: Speaking, imports: Imports, _who: Writer, profile_id: str
) -> Response:
    """A profile's form; `new` for an empty one."""
    found = None if profile_id == "new" else imports.profile(profile_id)
    return _form(request, words, imports, found)


@router.post("/staff/import/profiles/{profile_id}")
async def change_profile(
    request: Request, words: Speaking, imports: Imports, who: Writer, profile_id: str
) -> Response:
    """Keep a profile, or show what a sample looks like with it, or remove it."""
    given = await request.form()
    before = None if profile_id == "new" else imports.profile(profile_id)
    if given.get("what") == "drop" and before is not None:
        imports.drop_profile(who, before.id)
        return go_to("/staff/import")
    try:
        wanted = _wanted(given, before)
        shape = wanted.shape()
    except ValueError:
        return _form(request, words, imports, before, error=words.t("staff_error.form"))
    now = before.created_at if before else words.now
    shown = Profile(before.id if before else "", wanted.name, shape, now, now)
    try:
        if given.get("what") == "preview":
            sample = given.get("sample")
            data = b"" if sample is None or isinstance(sample, str) else await sample.read()
            return _form(request, words, imports, shown, preview=imports.preview(data, shape))
        kept = imports.put_profile(who, before.id if before else None, wanted.name, shape)
    except DuplicateError:
        return _form(request, words, imports, shown, error=words.t("staff_error.profile_twice"))
    except Problem as problem:
        named = " ".join(
            f"{each.field.removeprefix('body.')}: {each.message}." for each in problem.fields
        )
        return _form(request, words, imports, shown, error=named or _told(problem, words))
    return go_to(f"/staff/import?profile={kept.id}")


def _page(
    request: Request,
    words: Words,
    pages: StaffPages,
    imports: StaffImports,
    *,
    found: Tried | None = None,
    error: str = "",
) -> Response:
    profiles = imports.profiles()
    chosen = found.kept.profile_id if found else request.query_params.get("profile", "")
    return render(
        request,
        "pages/staff_import.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        profiles=profiles,
        chosen=chosen,
        on=(found.kept.effective_on if found else words.today).isoformat(),
        tried=tried_card(found, pages.departments(), words) if found else None,
        percent=pages.core.settings.staff.shrink_percent,
        history=[file_line(each, words) for each in imports.imports(None, _HISTORY).items],
        error=error,
    )


def _form(
    request: Request,
    words: Words,
    imports: StaffImports,
    profile: Profile | None,
    *,
    error: str = "",
    preview: tuple[str, list[list[str]]] | None = None,
) -> Response:
    return render(
        request,
        "pages/staff_profile.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        form=profile_form(profile, words),
        codes=words.t("words.comma").join(
            words.t("staff_import.kind_code", code=code, title=title)
            for code, title in imports.kinds.items()
        ),
        error=error,
        preview=preview,
    )


def _wanted(given: FormData, before: Profile | None) -> StaffProfileIn:
    """Read the form. What it does not show (words) stays as it was. Raise `ValueError`."""

    def text(name: str) -> str:
        value = given.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    shape = before.shape if before else Shape(columns={})
    kinds = {}
    for line in text("kinds").splitlines():
        word, sign, code = line.rpartition("=")
        if sign:
            kinds[plain(word)] = plain(code)
    columns = {
        field: [part.strip() for part in text(f"column_{field}").split("+") if part.strip()]
        for field in StaffField
    }
    delimiter = given.get("delimiter", ",")
    return StaffProfileIn(
        name=text("name"),
        columns={field: names for field, names in columns.items() if names},
        constants={f: text(f"constant_{f}") for f in StaffField if text(f"constant_{f}")},
        encoding=text("encoding"),  # type: ignore[arg-type]  # pydantic reads it
        delimiter=delimiter if isinstance(delimiter, str) else ",",
        header_row=int(text("header_row") or "1"),
        kinds=kinds,
        number_width=int(text("number_width") or "0"),
        head_words=shape.head_words,
        no_words=shape.no_words,
        open_words=shape.open_words,
        total_words=shape.total_words,
        make_departments=text("make_departments") == "yes",
        complete=text("complete") == "yes",
        card_namespace=text("card_namespace") or shape.card_namespace,
    )


def _told(problem: Problem, words: Words) -> str:
    """A file's problem in the page's language, with its place."""
    if problem.kind in (INTERNAL, FORBIDDEN):
        raise problem
    cause = problem.extra.get("cause")
    if cause is None:
        return words.t(f"problem.{problem.kind.code}.title")
    place = words.t("csv.place", row=problem.extra["row"], column=problem.extra["column"])
    return f"{words.t(f'csv_code.{cause}')} ({place})"
