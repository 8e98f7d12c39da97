"""/api/v1/payroll: profiles, previews, files, punches in other systems' words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from hub.catalogue import Translator
from hub.payroll.fields import FIELDS
from hub.payroll.file_names import content_disposition
from hub.payroll.profile_files import shipped
from hub.payroll.punch_formats import PunchFormat
from hub.payroll.schemas import (
    ExportFieldOut,
    ExportPreviewOut,
    ExportProfileIn,
    ExportProfileOut,
    HandoverOut,
)
from hub.payroll.service import MONTH_OPEN, UNWRITABLE, File, PayrollService
from hub.payroll.source import Asked
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import NOT_FOUND
from hub.web.refusals import refuses
from hub.web.responses import language_of
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

router = APIRouter(prefix="/api/v1/payroll", tags=["payroll"])
Service = Annotated[PayrollService, provided(PayrollService)]
Clerk = Annotated[Principal, requires(Right.PAYROLL_EXPORT)]
MonthText = Annotated[str, Path(pattern=r"^2[01][0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-03"])]
Department = Annotated[
    str | None,
    Query(max_length=80, description="A department with those below it; nobody named: all."),
]
Person = Annotated[str | None, Query(max_length=80, description="One person alone.")]
Draft = Annotated[bool, Query(description="Also months that are not closed yet.")]
_BYTES: Final = {"type": "string", "format": "binary"}
_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_CSV: Final = "職員番号,年月,125/100,予備\r\n00001234,202603,10,\r\n"
_PUNCHES: Final = [
    {
        "employee": "1234",
        "timerecord": [
            {"date": "2026-03-05", "time": "2026-03-05T08:27:41+09:00", "code": "1"},
            {"date": "2026-03-05", "time": "2026-03-05T19:31:05+09:00", "code": "2"},
        ],
    }
]
_DAILY: Final = [
    {
        "employee": "1234",
        "date": "2026-03-05",
        "assigned": 465,
        "overtime": 135,
        "night": 0,
        "breakTime": 60,
        "classes": {"overtime": 135},
    }
]
_FILE: Final = refuses(MONTH_OPEN, NOT_FOUND)


def month_of_text(text: str) -> Month:
    """Give the month that an address names."""
    year, number = text.split("-")
    return Month(int(year), int(number))


def asked_for(month: MonthText, department: Department = None, person: Person = None) -> Asked:
    """Give whose months an address asks for."""
    return Asked(month_of_text(month), department, person)


AskedFor = Annotated[Asked, Depends(asked_for)]


def file_answer(made: File) -> Response:
    """Answer with a file for the caller to keep."""
    return Response(
        made.data,
        media_type=made.media_type,
        headers={
            "Content-Disposition": content_disposition(made.name, made.ascii_name or made.name),
            "Cache-Control": "no-store",
        },
    )


@router.get("/fields", summary="The fields that a profile's columns can show")
def list_fields(_who: Clerk) -> list[ExportFieldOut]:
    """By kind of row, each with what its values are."""
    return [
        ExportFieldOut(code=code, rows=rows, unit=unit.value)
        for rows, units in FIELDS.items()
        for code, unit in units.items()
    ]


@router.get("/profiles", summary="Profiles of payroll files")
def list_export_profiles(_who: Clerk, service: Service) -> list[ExportProfileOut]:
    """The town's own, then those that come with the hub."""
    own = [ExportProfileOut.of(each) for each in service.profiles()]
    return own + [ExportProfileOut.shipped(name, each) for name, each in shipped().items()]


@router.post("/profiles", status_code=HTTPStatus.CREATED, summary="Keep a profile")
def make_profile(who: Clerk, service: Service, body: ExportProfileIn) -> ExportProfileOut:
    """Under its title, which no other has."""
    return ExportProfileOut.of(service.make_profile(who, body.title, body.profile()))


@router.put("/profiles/{profile_id}", summary="Change a profile", responses=refuses(NOT_FOUND))
def change_profile(
    who: Clerk, service: Service, profile_id: str, body: ExportProfileIn
) -> ExportProfileOut:
    """As a whole."""
    kept = service.change_profile(who, profile_id, body.title, body.profile())
    return ExportProfileOut.of(kept)


@router.delete(
    "/profiles/{profile_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Remove a profile",
    responses=refuses(NOT_FOUND),
)
def drop_profile(who: Clerk, service: Service, profile_id: str) -> None:
    """What was handed out by it stays on record."""
    service.drop_profile(who, profile_id)


@router.post("/months/{month}/preview", summary="See what a profile makes of a month")
def preview(
    who: Clerk,
    service: Service,
    asked: AskedFor,
    body: ExportProfileIn,
) -> ExportPreviewOut:
    """The first rows, and every cell that would stop the file. Nothing is kept."""
    return ExportPreviewOut.of(service.preview(who, body.profile(), asked))


@router.get(
    "/months/{month}/files/{profile_id}",
    summary="A month's file",
    responses={
        200: {"content": {"text/csv": {"schema": _BYTES, "example": _CSV}}},
        **refuses(MONTH_OPEN, UNWRITABLE, NOT_FOUND),
    },
    response_class=Response,
)
def read_file(
    who: Clerk,
    service: Service,
    asked: AskedFor,
    profile_id: Annotated[str, Path(max_length=80, examples=["monthly-classes"])],
    draft: Draft = False,
) -> Response:
    """By a kept profile's id, or the name of one that comes with the hub."""
    return file_answer(service.file(who, profile_id, asked, draft=draft))


@router.get(
    "/months/{month}/workbook",
    summary="A month's attendance book",
    responses={
        200: {
            "content": {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                    "schema": _BYTES,
                    "example": "PK\u0003\u0004…",
                }
            }
        },
        **_FILE,
    },
    response_class=Response,
)
def read_workbook(
    request: Request,
    who: Clerk,
    service: Service,
    asked: AskedFor,
    draft: Draft = False,
) -> Response:
    """One sheet of everybody, one a person."""
    t = Translator(language_of(request))
    return file_answer(service.book(who, asked, t, draft=draft))


@router.get(
    "/months/{month}/punches/{form}",
    summary="Punches in another system's words",
    responses={200: {"content": {"application/json": {"schema": _ROWS, "example": _PUNCHES}}}},
    response_class=Response,
)
def read_punches(
    who: Clerk,
    service: Service,
    asked: AskedFor,
    form: PunchFormat,
) -> Response:
    """By employee: what KING OF TIME's or freee's interface takes."""
    return file_answer(service.punches(who, form, asked))


@router.get(
    "/months/{month}/daily",
    summary="Daily records in whole minutes",
    responses={
        200: {"content": {"application/json": {"schema": _ROWS, "example": _DAILY}}},
        **_FILE,
    },
    response_class=Response,
)
def read_daily(
    who: Clerk,
    service: Service,
    asked: AskedFor,
    draft: Draft = False,
) -> Response:
    """By employee and work date, before any rounding."""
    return file_answer(service.daily(who, asked, draft=draft))


@router.get("/handovers", summary="What was handed out")
def list_handovers(
    _who: Clerk, service: Service, cursor: Cursor = None, limit: Limit = 50
) -> PageOf[HandoverOut]:
    """Newest first, with the hash of each file."""
    page = service.handovers(cursor, limit)
    items = [HandoverOut.of(each) for each in page.items]
    return PageOf[HandoverOut](items=items, next_cursor=page.next_cursor)
