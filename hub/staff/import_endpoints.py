"""/api/v1/staff/profiles and /api/v1/staff/imports."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request, UploadFile

from hub.catalogue import Translator
from hub.staff import examples
from hub.staff.import_schemas import (
    ConfirmImportIn,
    StaffImportOut,
    StaffProfileIn,
    StaffProfileOut,
    StaffReportOut,
)
from hub.staff.importing import CHANGED, SHRINKS, UNREADABLE, StaffImports
from hub.staff.service import LATER, NOT_EMPLOYED, OVERLAPS
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import CONFLICT, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.responses import language_of
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["staff"])
Service = Annotated[StaffImports, provided(StaffImports)]
Reader = Annotated[Principal, requires(Right.STAFF_READ)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
_ID: Final = r"^[A-Za-z0-9-]+$"
ProfileId = Annotated[str, Path(max_length=64, pattern=_ID, examples=[ids.STAFF_PROFILE])]
ImportId = Annotated[str, Path(max_length=64, pattern=_ID, examples=[ids.STAFF_IMPORT])]
_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "example": {
                    "profile_id": ids.STAFF_PROFILE,
                    "effective_on": "2026-04-01",
                    "file": examples.FILE,
                }
            }
        }
    }
}


@router.get("/staff/profiles", summary="List profiles of staff files")
def list_staff_profiles(_who: Reader, service: Service) -> list[StaffProfileOut]:
    """How the town's files of staff are written, by name."""
    return [StaffProfileOut.of(each) for each in service.profiles()]


@router.post(
    "/staff/profiles", status_code=HTTPStatus.CREATED, summary="Add a profile of staff files"
)
def add_staff_profile(who: Writer, service: Service, given: StaffProfileIn) -> StaffProfileOut:
    """Refused where nobody could be told from such files."""
    return StaffProfileOut.of(service.put_profile(who, None, given.name, given.shape()))


@router.get("/staff/profiles/{profile_id}", summary="Read a profile of staff files")
def read_staff_profile(_who: Reader, service: Service, profile_id: ProfileId) -> StaffProfileOut:
    """One profile."""
    return StaffProfileOut.of(service.profile(profile_id))


@router.put("/staff/profiles/{profile_id}", summary="Change a profile of staff files")
def change_staff_profile(
    who: Writer, service: Service, profile_id: ProfileId, given: StaffProfileIn
) -> StaffProfileOut:
    """Replaces it."""
    return StaffProfileOut.of(service.put_profile(who, profile_id, given.name, given.shape()))


@router.delete(
    "/staff/profiles/{profile_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Remove a profile of staff files",
)
def drop_staff_profile(who: Writer, service: Service, profile_id: ProfileId) -> None:
    """Staff who came by it stay as they are."""
    service.drop_profile(who, profile_id)


@router.post(
    "/staff/imports",
    summary="Try a file of staff",
    responses=refuses(NOT_FOUND, UNREADABLE),
    openapi_extra=_FILE,
)
def try_staff_file(
    request: Request,
    who: Writer,
    service: Service,
    profile_id: Annotated[str, Form(max_length=64, pattern=_ID)],
    effective_on: Annotated[CalendarDate, Form(description="From when on the file holds.")],
    file: UploadFile,
) -> StaffReportOut:
    """Says all that it would do, with row and column of every error; nothing is done. Confirm it,
    as a whole, while it is kept."""
    found = service.try_file(who, profile_id, file.filename, file.file.read(), effective_on)
    return StaffReportOut.of(found, Translator(language_of(request)))


@router.get("/staff/imports", summary="List files of staff")
def list_staff_imports(
    _who: Reader, service: Service, limit: Limit = 50, cursor: Cursor = None
) -> PageOf[StaffImportOut]:
    """Every one that was tried, newest first."""
    page = service.imports(cursor, limit)
    items = [StaffImportOut.of(each) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post(
    "/staff/imports/{import_id}/confirm",
    summary="Do a file of staff that was tried",
    responses=refuses(CONFLICT, CHANGED, SHRINKS, OVERLAPS, NOT_EMPLOYED, LATER, UNREADABLE),
)
def confirm_staff_import(
    request: Request,
    who: Writer,
    service: Service,
    import_id: ImportId,
    given: ConfirmImportIn,
) -> StaffReportOut:
    """All of it in one transaction, or nothing. Of the proposed leavers those are ended who are
    named. Refused with `staff_changed` where it would by now do something else than was shown."""
    found = service.confirm(who, import_id, given.leavers, accept_shrink=given.accept_shrink)
    return StaffReportOut.of(found, Translator(language_of(request)))
