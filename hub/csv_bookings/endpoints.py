"""/api/v1/csv_profiles and /api/v1/csv_imports."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query, Request, UploadFile

from hub.catalogue import Translator
from hub.csv_bookings.schemas import EXAMPLE_FILE, CsvProfileIn, CsvProfileOut, ImportOut, ReportOut
from hub.csv_bookings.service import UNREADABLE, CsvService
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import CONFLICT, NOT_FOUND, invalid
from hub.web.refusals import refuses
from hub.web.responses import language_of
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["csv"])
Service = Annotated[CsvService, provided(CsvService)]
Importer = Annotated[Principal, requires(Right.BOOKINGS_IMPORT)]
_ID = r"^[A-Za-z0-9-]+$"
_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "example": {"profile_id": ids.CSV_PROFILE, "file": EXAMPLE_FILE, "sha256": ""}
            }
        }
    }
}
Id = Annotated[str, Path(max_length=64, pattern=_ID)]


@router.get("/csv_profiles", summary="List CSV profiles")
def list_csv_profiles(who: Importer, service: Service) -> list[CsvProfileOut]:
    """How the town's files are written, by name."""
    return [CsvProfileOut.of(each) for each in service.profiles(who)]


@router.post("/csv_profiles", status_code=HTTPStatus.CREATED, summary="Add a CSV profile")
def add_csv_profile(who: Importer, service: Service, given: CsvProfileIn) -> CsvProfileOut:
    """Refused where no booking could be made of such files."""
    return CsvProfileOut.of(service.put_profile(who, None, given.name, given.shape()))


@router.get("/csv_profiles/{profile_id}", summary="Read a CSV profile")
def read_csv_profile(who: Importer, service: Service, profile_id: Id) -> CsvProfileOut:
    """One profile."""
    return CsvProfileOut.of(service.profile(who, profile_id))


@router.put("/csv_profiles/{profile_id}", summary="Change a CSV profile")
def change_csv_profile(
    who: Importer, service: Service, profile_id: Id, given: CsvProfileIn
) -> CsvProfileOut:
    """Replaces it."""
    return CsvProfileOut.of(service.put_profile(who, profile_id, given.name, given.shape()))


@router.delete(
    "/csv_profiles/{profile_id}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a CSV profile"
)
def drop_csv_profile(who: Importer, service: Service, profile_id: Id) -> None:
    """Bookings that came by it stay as they are."""
    service.drop_profile(who, profile_id)


@router.post(
    "/csv_imports",
    summary="Import a CSV file, or try it",
    responses=refuses(UNREADABLE, NOT_FOUND),
    openapi_extra=_FILE,
)
def import_file(
    request: Request,
    who: Importer,
    service: Service,
    profile_id: Annotated[str, Form(max_length=64, pattern=_ID)],
    file: UploadFile | None = None,
    sha256: Annotated[str, Form(max_length=64, pattern=r"^[0-9a-f]*$")] = "",
    dry_run: Annotated[
        bool, Query(description="Says what would happen, and keeps the file for half an hour.")
    ] = True,
) -> ReportOut:
    """Each line is a transaction of its own, and idempotent by its reservation key. Send the file,
    or the `sha256` of one that was tried just now."""
    t = Translator(language_of(request))
    if file is None:
        if not sha256 or dry_run:
            raise invalid("file", "missing", "send the file, or the sha256 of one that was tried")
        return ReportOut.of(service.run_staged(who, profile_id, sha256), t)
    data = file.file.read()
    return ReportOut.of(service.run(who, profile_id, file.filename, data, dry_run=dry_run), t)


@router.get("/csv_imports", summary="List CSV imports")
def list_imports(
    who: Importer,
    service: Service,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[ImportOut]:
    """Newest first; those of the folder as well."""
    page = service.imports(who, cursor, limit)
    return PageOf(items=[ImportOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.post(
    "/csv_imports/{import_id}/confirm",
    summary="Cancel what a complete file lacked",
    responses=refuses(CONFLICT),
)
def confirm_import(who: Importer, service: Service, import_id: Id) -> ImportOut:
    """Where more than 30 % were missing nothing was cancelled: this does it. Refused with
    `conflict` once a newer file of the profile came."""
    return ImportOut.of(service.confirm(who, import_id))
