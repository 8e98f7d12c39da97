"""One person as staff: hired, transferred, retired, corrected; where they are written to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from hub.catalogue import Language
from hub.pages.frame import Speaking, go_to
from hub.pages.staff_pages import StaffPages
from hub.pages.staff_refusals import day_of, last_day_of, refusal_of
from hub.pages.words import Words
from hub.staff.domain import Place, StaffContact
from hub.staff.rows import MAIL
from hub.staff.service import StaffService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[StaffPages, provided(StaffPages)]
Staff = Annotated[StaffService, provided(StaffService)]
Reader = Annotated[Principal, requires(Right.STAFF_READ)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
Text = Annotated[str, Form(max_length=100)]
Day = Annotated[str, Form(max_length=10)]
Id = Annotated[str, Form(max_length=80)]


@dataclass(frozen=True, slots=True)
class _Desk:
    """A person's page before whoever looks at it, or has filled in a form on it."""

    request: Request
    words: Words
    pages: StaffPages
    person_id: str

    def shown(self, who: Principal, error: str = "") -> Response:
        """The page, with what is wrong."""
        return render(
            self.request,
            "pages/staff_person.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            page=self.pages.page(who, self.person_id, self.words),
            today=self.words.today.isoformat(),
            error=error,
        )

    def after(self, who: Principal, work: Callable[[], object]) -> Response:
        """Do something and go back to the person, or show the page with what is wrong."""
        error = refusal_of(work, self.words)
        return self.shown(who, error) if error else go_to(f"/staff/people/{self.person_id}")


def _desk(request: Request, words: Speaking, pages: Pages, person_id: str) -> _Desk:
    return _Desk(request, words, pages, person_id)


Desk = Annotated[_Desk, Depends(_desk)]


def _placed(department: Id = "", kind: Text = "", post: Text = "", heads: Text = "") -> Place:
    """Where and as what, which every form about an employment asks for."""
    return Place(department, kind, post.strip(), heads == "yes")


Placed = Annotated[Place, Depends(_placed)]


@router.get("/staff/people/{person_id}")
def person_page(desk: Desk, who: Reader) -> Response:
    """One person."""
    return desk.shown(who)


@router.post("/staff/people/{person_id}/hire")
def hire(
    desk: Desk, staff: Staff, who: Writer, place: Placed, starts_on: Day = "", ends_on: Day = ""
) -> Response:
    """Employ somebody."""
    return desk.after(
        who, lambda: staff.hire(who, desk.person_id, place, day_of(starts_on), last_day_of(ends_on))
    )


@router.post("/staff/people/{person_id}/transfer")
def transfer(desk: Desk, staff: Staff, who: Writer, place: Placed, starts_on: Day = "") -> Response:
    """Transfer somebody."""
    return desk.after(who, lambda: staff.transfer(who, desk.person_id, day_of(starts_on), place))


@router.post("/staff/people/{person_id}/retire")
def retire(desk: Desk, staff: Staff, who: Writer, ends_on: Day = "") -> Response:
    """End somebody's employment; their page says what still lets them in."""
    return desk.after(who, lambda: staff.retire(who, desk.person_id, day_of(ends_on)))


@router.post("/staff/people/{person_id}/employments/{employment_id}")
def correct(
    desk: Desk,
    staff: Staff,
    who: Writer,
    employment_id: str,
    place: Placed,
    starts_on: Day = "",
    ends_on: Day = "",
    remove: Text = "",
) -> Response:
    """Correct an employment, or remove it once the tick is set."""

    def work() -> None:
        if remove == "yes":
            staff.drop(who, employment_id)
            return
        changes = {
            "starts_on": day_of(starts_on),
            "ends_on": last_day_of(ends_on),
            "department_id": place.department_id,
            "kind": place.kind,
            "post": place.post,
            "heads": place.heads,
        }
        staff.correct(who, employment_id, changes)

    return desk.after(who, work)


@router.post("/staff/people/{person_id}/contact")
def set_contact(
    desk: Desk,
    staff: Staff,
    who: Writer,
    mail: Annotated[str, Form(max_length=254)] = "",
    language: Language = Language.JA,
) -> Response:
    """Say where somebody is written to."""
    mail = mail.strip()
    if mail and not MAIL.fullmatch(mail):
        return desk.shown(who, desk.words.t("staff_code.bad_mail"))
    contact = StaffContact(desk.person_id, mail or None, language.value)
    return desk.after(who, lambda: staff.put_contact(who, contact))


@router.post("/staff/people/{person_id}/block")
def block(desk: Desk, staff: Staff, who: Writer) -> Response:
    """Deny somebody who has left every door."""
    return desk.after(who, lambda: staff.block(who, desk.person_id))
