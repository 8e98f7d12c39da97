"""/api/v1/staff: departments, terms, employments, contacts, leavers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.audit.row_routes import RowShapes, offer_rows
from hub.people.person_schemas import PersonOut
from hub.staff import schemas
from hub.staff.department_rows import DEPARTMENT
from hub.staff.domain import DepartmentTerm, StaffContact
from hub.staff.service import LATER, NOT_EMPLOYED, NOT_LEFT, OVERLAPS, StaffFilter, StaffService
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["staff"])
Service = Annotated[StaffService, provided(StaffService)]
Reader = Annotated[Principal, requires(Right.STAFF_READ)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
DepartmentId = Annotated[str, Path(max_length=80, examples=[ids.DEPARTMENT])]
PersonId = Annotated[str, Path(max_length=80, examples=[ids.PERSON])]
EmploymentId = Annotated[str, Path(max_length=80, examples=[ids.EMPLOYMENT])]
Day = Annotated[CalendarDate, Path(description="From this day on.", examples=["2026-04-01"])]

offer_rows(
    router,
    RowShapes(
        DEPARTMENT,
        "/staff/departments",
        "a department",
        "departments",
        Right.STAFF_READ,
        Right.STAFF_WRITE,
        schemas.DepartmentIn,
        schemas.DepartmentChange,
        schemas.DepartmentOut,
        filters=("code", "parent_id"),
    ),
)


@router.delete(
    "/staff/departments/{row_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Remove a department",
)
def drop_department(who: Writer, service: Service, row_id: DepartmentId) -> None:
    """Refused with `in_use` while an employment, also a former one, names it, or others belong to
    it."""
    service.drop_department(who, row_id)


@router.get("/staff/departments/{department_id}/terms", summary="List a department's terms")
def list_terms(
    who: Reader, service: Service, department_id: DepartmentId
) -> list[schemas.DepartmentTermOut]:
    """Which caps held and hold, in order."""
    found = service.terms(who, department_id)
    return [schemas.DepartmentTermOut.model_validate(each) for each in found]


@router.put("/staff/departments/{department_id}/terms/{starts_on}", summary="Set a term")
def set_term(
    who: Writer,
    service: Service,
    department_id: DepartmentId,
    starts_on: Day,
    body: schemas.DepartmentTermIn,
) -> schemas.DepartmentTermOut:
    """What holds for a department from a day on; what held before stays as it was."""
    term = DepartmentTerm(department_id, starts_on, body.cap_type, body.article_36)
    return schemas.DepartmentTermOut.model_validate(service.put_term(who, term))


@router.delete(
    "/staff/departments/{department_id}/terms/{starts_on}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Remove a term",
)
def drop_term(who: Writer, service: Service, department_id: DepartmentId, starts_on: Day) -> None:
    """It was entered wrongly: what held before goes on."""
    service.drop_term(who, department_id, starts_on)


# --- who is there ------------------------------------------------------------------------------


@router.get("/staff", summary="List staff on a date")
def list_staff(
    who: Reader,
    service: Service,
    on: Annotated[
        CalendarDate | None,
        Query(description="Today where none is named.", examples=["2026-04-06"]),
    ] = None,
    department_id: Annotated[
        str | None, Query(max_length=80, description="With all that belong to it.")
    ] = None,
    kind: Annotated[str | None, Query(max_length=40, description="Only of this kind.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[schemas.PlacedOut]:
    """In the order of their names' reading. By a name or a number: `POST /staff/search`."""
    wanted = StaffFilter(on or service.today, department_id, kind)
    return _placed(service, who, wanted, cursor, limit)


@router.post("/staff/search", summary="Search staff by name or number")
def search_staff(
    who: Reader, service: Service, body: schemas.StaffSearchIn
) -> PageOf[schemas.PlacedOut]:
    """The same list for a text in the name, its reading or the staff number: in a body, for names
    do not belong into addresses."""
    wanted = StaffFilter(body.on or service.today, body.department_id, body.kind, body.text)
    return _placed(service, who, wanted, body.cursor, body.limit)


def _placed(
    service: StaffService, who: Principal, wanted: StaffFilter, cursor: str | None, limit: int
) -> PageOf[schemas.PlacedOut]:
    page = service.page(who, wanted, cursor, limit)
    items = [schemas.PlacedOut.of(each) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.get("/staff/leavers", summary="List who has left and is still let in")
def list_leavers(who: Reader, service: Service) -> list[schemas.LeaverOut]:
    """Their last employment is over, nobody blocked them, and grants or cards of theirs are
    active."""
    return [schemas.LeaverOut.of(person, found) for person, found in service.leavers(who)]


@router.get("/staff/people/{person_id}", summary="Get somebody as staff")
def get_member(who: Reader, service: Service, person_id: PersonId) -> schemas.MemberOut:
    """All their employments, and where they are written to."""
    return schemas.MemberOut.of(service.member(who, person_id))


# --- employments -------------------------------------------------------------------------------


@router.post(
    "/staff/people/{person_id}/employments",
    status_code=HTTPStatus.CREATED,
    summary="Employ somebody",
    responses=refuses(OVERLAPS),
)
def hire(
    who: Writer, service: Service, person_id: PersonId, body: schemas.EmploymentIn
) -> schemas.EmploymentOut:
    """From a day on, also one to come; refused where they are employed in that time."""
    made = service.hire(who, person_id, body.place(), body.starts_on, body.ends_on)
    return schemas.EmploymentOut.model_validate(made)


@router.post(
    "/staff/people/{person_id}/transfer",
    summary="Transfer somebody",
    responses=refuses(NOT_EMPLOYED, OVERLAPS),
)
def transfer(
    who: Writer, service: Service, person_id: PersonId, body: schemas.TransferIn
) -> schemas.EmploymentOut:
    """Ends what holds on that day the day before, and begins the other, at once."""
    made = service.transfer(who, person_id, body.starts_on, body.place())
    return schemas.EmploymentOut.model_validate(made)


@router.post(
    "/staff/people/{person_id}/retire",
    summary="End somebody's employment",
    responses=refuses(NOT_EMPLOYED, LATER),
)
def retire(
    who: Writer, service: Service, person_id: PersonId, body: schemas.RetirementIn
) -> schemas.RetiredOut:
    """Says what still lets them in. On the day after, the hub blocks them by itself, unless its
    settings say otherwise."""
    return schemas.RetiredOut.of(service.retire(who, person_id, body.ends_on))


@router.post(
    "/staff/people/{person_id}/block",
    summary="Block somebody who has left",
    responses=refuses(NOT_LEFT),
)
def block_leaver(who: Writer, service: Service, person_id: PersonId) -> PersonOut:
    """Every door denies them from now on."""
    return PersonOut.model_validate(service.block(who, person_id))


@router.patch(
    "/staff/employments/{employment_id}",
    summary="Correct an employment",
    responses=refuses(OVERLAPS),
)
def correct_employment(
    who: Writer, service: Service, employment_id: EmploymentId, body: schemas.EmploymentChange
) -> schemas.EmploymentOut:
    """What was entered wrongly, dates too; the audit log keeps what stood there. What is left out
    stays as it is."""
    return schemas.EmploymentOut.model_validate(service.correct(who, employment_id, body.changes()))


@router.delete(
    "/staff/employments/{employment_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Remove an employment",
)
def drop_employment(who: Writer, service: Service, employment_id: EmploymentId) -> None:
    """It never was: entered for the wrong person, or twice. Otherwise end it."""
    service.drop(who, employment_id)


# --- contacts ----------------------------------------------------------------------------------


@router.put("/staff/people/{person_id}/contact", summary="Set where somebody is written to")
def set_contact(
    who: Writer, service: Service, person_id: PersonId, body: schemas.StaffContactIn
) -> schemas.StaffContactOut:
    """Mail address and language, for reminders."""
    contact = StaffContact(person_id, body.mail, body.language.value)
    return schemas.StaffContactOut.model_validate(service.put_contact(who, contact))
