"""CSV imports for staff: try a file, then do it; the history; profiles with a preview."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response
from starlette.datastructures import FormData

from hub.bookings.facilities import FacilitiesService
from hub.csv_bookings.profile import Field, Shape
from hub.csv_bookings.repository import Profile
from hub.csv_bookings.schemas import CsvProfileIn
from hub.csv_bookings.service import CsvService
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.views.booking import facility_name
from hub.pages.views.csv import ReportCard, import_line, profile_form, report_card
from hub.pages.words import Words
from hub.tabular.dates import plain
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INTERNAL, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[CsvService, provided(CsvService)]
Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Importer = Annotated[Principal, requires(Right.BOOKINGS_IMPORT)]
Id = Annotated[str, Form(max_length=64, pattern=r"^[A-Za-z0-9-]*$")]
_HISTORY = 30


@router.get("/joins/csv")
def csv_page(request: Request, words: Speaking, service: Service, who: Importer) -> Response:
    """The form, the profiles, and what was imported so far."""
    return _page(request, words, service, who)


@router.post("/joins/csv")
def try_file(
    request: Request,
    words: Speaking,
    service: Service,
    facilities: Facilities,
    who: Importer,
    profile: Id = "",
    file: UploadFile | None = None,
) -> Response:
    """Say what each line of a file would do; nothing is changed."""
    data = file.file.read() if file is not None and file.filename else b""
    if not data or not profile:
        return _page(request, words, service, who, error=words.t("csv.no_file"))
    try:
        name = (file.filename if file else "") or ""
        report = service.run(who, profile, name[:200], data, dry_run=True)
    except Problem as problem:
        return _page(request, words, service, who, error=_told(problem, words))
    card = report_card(report, profile, words, _names(facilities, who, words))
    return _page(request, words, service, who, report=card)


@router.post("/joins/csv/do")
def do_file(
    request: Request,
    words: Speaking,
    service: Service,
    facilities: Facilities,
    who: Importer,
    profile: Id = "",
    sha256: Annotated[str, Form(max_length=64, pattern=r"^[0-9a-f]*$")] = "",
) -> Response:
    """Do the file that was tried."""
    try:
        report = service.run_staged(who, profile, sha256)
    except Problem as problem:
        error = words.t("csv.gone") if problem.kind.status == 404 else _told(problem, words)
        return _page(request, words, service, who, error=error)
    card = report_card(report, profile, words, _names(facilities, who, words))
    return _page(request, words, service, who, report=card)


@router.post("/joins/csv/imports/{import_id}/confirm")
def confirm(service: Service, who: Importer, import_id: str) -> Response:
    """Cancel what a complete file lacked."""
    service.confirm(who, import_id)
    return go_to("/joins/csv")


@router.get("/joins/csv/profiles/{profile_id}")
def profile_page(
    request: Request,
    words: Speaking,
    service: Service,
    facilities: Facilities,
    who: Importer,
    profile_id: str,
) -> Response:
    """A profile's form; `new` for an empty one."""
    found = None if profile_id == "new" else service.profile(who, profile_id)
    return _form(request, words, _names(facilities, who, words), found)


@router.post("/joins/csv/profiles/{profile_id}")
async def change_profile(
    request: Request,
    words: Speaking,
    service: Service,
    facilities: Facilities,
    who: Importer,
    profile_id: str,
) -> Response:
    """Keep a profile, or show what a sample looks like with it, or remove it."""
    given = await request.form()
    names = _names(facilities, who, words)
    before = None if profile_id == "new" else service.profile(who, profile_id)
    if given.get("what") == "drop" and before is not None:
        service.drop_profile(who, before.id)
        return go_to("/joins/csv")
    try:
        wanted = _wanted(given, before, names)
    except ValueError as error:
        return _form(request, words, names, before, error=_first(error))
    if given.get("what") == "preview":
        return await _preview(request, words, service, names, (before, wanted), given)
    try:
        kept = service.put_profile(who, before.id if before else None, wanted.name, wanted.shape())
    except DuplicateError:
        return _form(request, words, names, before, error=words.t("problem.already_exists.title"))
    except Problem as problem:
        shown = " ".join(
            f"{each.field.removeprefix('body.')}: {each.message}." for each in problem.fields
        )
        return _form(request, words, names, before, error=shown or _told(problem, words))
    return go_to(f"/joins/csv?profile={kept.id}")


async def _preview(
    request: Request,
    words: Words,
    service: CsvService,
    names: Mapping[str, str],
    profile: tuple[Profile | None, CsvProfileIn],
    given: FormData,
) -> Response:
    before, wanted = profile
    sample = given.get("sample")
    data = b"" if sample is None or isinstance(sample, str) else await sample.read()
    now = before.created_at if before else words.now
    shown = Profile(before.id if before else "", wanted.name, wanted.shape(), now, now)
    if not data:
        return _form(request, words, names, shown, error=words.t("csv.no_file"))
    try:
        found = service.preview(data, wanted.shape())
    except Problem as problem:
        return _form(request, words, names, shown, error=_told(problem, words))
    return _form(request, words, names, shown, preview=(found.encoding, found.rows))


def _page(
    request: Request,
    words: Words,
    service: CsvService,
    who: Principal,
    *,
    report: ReportCard | None = None,
    error: str = "",
) -> Response:
    profiles = service.profiles(who)
    names = {each.id: each.name for each in profiles}
    history = service.imports(who, None, _HISTORY).items
    return render(
        request,
        "pages/csv.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        profiles=profiles,
        chosen=report.profile_id if report else request.query_params.get("profile", ""),
        history=[import_line(each, names, words) for each in history],
        report=report,
        error=error,
    )


def _form(
    request: Request,
    words: Words,
    facilities: Mapping[str, str],
    profile: Profile | None,
    *,
    error: str = "",
    preview: tuple[str, list[list[str]]] | None = None,
) -> Response:
    return render(
        request,
        "pages/csv_profile.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        form=profile_form(profile, facilities, words),
        facilities=sorted(facilities.items(), key=lambda pair: pair[1]),
        error=error,
        preview=preview,
    )


def _wanted(given: FormData, before: Profile | None, facilities: Mapping[str, str]) -> CsvProfileIn:
    """Read the form. What it does not show (words, prefix) stays as it was. Raise `ValueError`."""

    def text(name: str) -> str:
        value = given.get(name, "")
        return value if isinstance(value, str) else ""

    def number(name: str) -> int | str:
        """The number, or what was written instead, for pydantic to refuse."""
        written = text(name).strip()
        return int(written) if written.isascii() and written.isdigit() else written

    shape = before.shape if before else Shape(columns={})
    by_name = {plain(name): facility for facility, name in facilities.items()}
    mapped: dict[str, str] = {}
    for line in text("facilities").splitlines():
        written, sign, facility = line.rpartition("=")
        if sign:
            name = plain(facility)
            mapped[plain(written)] = by_name.get(name, name)
    words: dict[str, Any] = {
        f"{name.removesuffix('s') if name == 'totals' else name}_words": value
        for name, value in msgspec.structs.asdict(shape.words).items()
    }
    columns = {
        field.value: [part.strip() for part in text(f"column_{field}").split("+") if part.strip()]
        for field in Field
    }
    return CsvProfileIn(
        name=text("name").strip(),
        columns={Field(field): names for field, names in columns.items() if names},
        encoding=text("encoding"),  # type: ignore[arg-type]  # pydantic reads it
        delimiter=text("delimiter"),
        header_row=number("header_row"),  # type: ignore[arg-type]
        facilities=mapped,
        facility=text("facility") or None,
        key_prefix=shape.key_prefix,
        complete=text("complete") == "yes",
        complete_days=number("complete_days"),  # type: ignore[arg-type]
        **words,
    )


def _names(facilities: FacilitiesService, who: Principal, words: Words) -> dict[str, str]:
    return {each.id: facility_name(each, words) for each in facilities.listed(who)}


def _first(error: ValueError) -> str:
    """What pydantic says of the first field, without the value."""
    found = getattr(error, "errors", None)
    if found is None:
        return str(error)
    one = found(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"


def _told(problem: Problem, words: Words) -> str:
    """A file's problem in the page's language, with its place."""
    if problem.kind is INTERNAL:
        raise problem
    cause = problem.extra.get("cause")
    if cause is None:
        return words.t(f"problem.{problem.kind.code}.title")
    place = words.t("csv.place", row=problem.extra["row"], column=problem.extra["column"])
    return f"{words.t(f'csv_code.{cause}')} ({place})"
