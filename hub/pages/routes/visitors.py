"""The visitors' register for the desk: the day's visits, who is inside, which cards are out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.visitor_pages import VisitorPages
from hub.pages.words import Words
from hub.visitors.service import VisitorsService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem, invalid
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[VisitorPages, provided(VisitorPages)]
Register = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
Short = Annotated[str, Form(max_length=200)]
_EMPTY: Final = {
    **dict.fromkeys(("site_id", "names", "organisation", "host_id", "purpose"), ""),
    **dict.fromkeys(("starts_at", "ends_at", "escort"), ""),
    "opens": [],
}
Day = Annotated[str, Query(pattern=r"^(2[01]\d\d-\d\d-\d\d)?$")]


@router.get("/visitors")
def register(
    request: Request, words: Speaking, pages: Pages, who: Reader, day: Day = ""
) -> Response:
    """The day's visits, printable, and the cards that are out."""
    page = pages.day(who, words, _day(day, words))
    return render(request, "pages/visitors.html", page=page)


@router.get("/visitors/new")
def new_visit(request: Request, words: Speaking, pages: Pages, who: Writer) -> Response:
    """Enter a visit."""
    form = pages.form(who, words)
    return render(request, "pages/visit_form.html", form=form, given=_EMPTY, error="")


@router.post("/visitors/new")
def plan_visit(
    request: Request,
    words: Speaking,
    pages: Pages,
    register: Register,
    who: Writer,
    site_id: Short = "",
    names: Annotated[str, Form(max_length=5_000)] = "",
    organisation: Annotated[str, Form(max_length=100)] = "",
    host_id: Short = "",
    purpose: Short = "",
    starts_at: Short = "",
    ends_at: Short = "",
    opens: Annotated[list[str] | None, Form(max_length=40)] = None,
    escort: Short = "",
) -> Response:
    """Keep it, or say what is wrong with everything still in the form."""
    given = {
        "site_id": site_id,
        "names": names,
        "organisation": organisation,
        "host_id": host_id,
        "purpose": purpose,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "opens": opens or [],
        "escort": escort,
    }
    error = ""
    try:
        start, end = _instant(starts_at, words), _instant(ends_at, words)
        values = pages.values(given, start, end)
        people = [(line.strip()[:100], "") for line in names.splitlines() if line.strip()]
        register.plan(who, values, people[:100])
    except ValueError:
        error = words.t("visitors.not_a_time")
    except Problem as problem:
        error = words.t("visitors.refused", why=_why(problem, words))
    if error:
        form = pages.form(who, words)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(
            request, "pages/visit_form.html", status=status, form=form, given=given, error=error
        )
    return go_to(f"/visitors?day={words.day_of(start).isoformat()}")


@router.post("/visitors/{visitor_id}/arrive")
def arrives(
    register: Register,
    who: Writer,
    visitor_id: str,
    card_id: Short = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Somebody comes, with or without a card."""
    register.arrive(who, visitor_id, card_id or None)
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/{visitor_id}/leave")
def leaves(
    register: Register,
    who: Writer,
    visitor_id: str,
    card: Short = "back",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Somebody goes."""
    register.leave(who, visitor_id, card_returned=card == "back")
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/add")
def add(
    register: Register,
    who: Writer,
    visit_id: str,
    name: Annotated[str, Form(max_length=100)] = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """One more comes along."""
    if name.strip():
        register.add_visitor(who, visit_id, name.strip(), "")
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/until")
def until(
    words: Speaking,
    register: Register,
    who: Writer,
    visit_id: str,
    ends_at: Short = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """It ends at another time, or now where none is told: lent cards follow at once."""
    try:
        end = _instant(ends_at, words) if ends_at else words.now
    except ValueError as error:
        raise invalid("ends_at", "not_a_time", words.t("visitors.not_a_time")) from error
    register.change(who, visit_id, {"ends_at": end.astimezone(UTC)})
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/cancel")
def cancel(
    register: Register,
    who: Writer,
    visit_id: str,
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Nobody comes."""
    register.cancel(who, visit_id)
    return go_to(f"/visitors?day={day}")


def _day(text: str, words: Words) -> date:
    try:
        return date.fromisoformat(text) if text else words.today
    except ValueError:
        return words.today


def _instant(text: str, words: Words) -> datetime:
    """Read what `<input type="datetime-local">` sends; raise `ValueError`."""
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None or not 2000 <= wall.year < 2199:
        raise ValueError("a wall time of these centuries")
    return wall.replace(tzinfo=words.zone) + timedelta(0)


def _why(problem: Problem, words: Words) -> str:
    told = [field.message for field in problem.fields]
    return words.t("words.comma").join(told) or problem.detail
