"""Booking without a login: find a free time, fill in the form, get the PIN."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated
from unicodedata import normalize

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.bookings.facilities import FacilitiesService
from hub.bookings.records import Contact
from hub.bookings.refusals import Refusal
from hub.bookings.residents import ResidentsService, is_phone
from hub.notices.domain import Channel
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.pin_cookie import cookies_of, keep_cookie
from hub.pages.views.free_time import FacilityDay, chosen_window, facility_day
from hub.pages.words import Words
from hub.web.core import core_of, provided
from hub.web.identity import public_form
from hub.web.pages import render
from hub.web.problems import CSRF_REFUSED, Problem

router = APIRouter(include_in_schema=False)
Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Residents = Annotated[ResidentsService, provided(ResidentsService)]
DayText = Annotated[str, Query(max_length=10)]
AHEAD = timedelta(days=400)
FIELDS = {
    **dict.fromkeys(
        (
            Refusal.IN_THE_PAST,
            Refusal.TOO_FAR_AHEAD,
            Refusal.OFF_THE_GRID,
            Refusal.CLOSED,
            Refusal.DOUBLE_BOOKED,
        ),
        "start",
    ),
    Refusal.WINDOW_INVERTED: "end",
    Refusal.TOO_LONG: "end",
    Refusal.TOO_MANY: "phone",
}
"""The field at which a refusal is shown; any other concerns the form as a whole."""


@dataclass(frozen=True, slots=True)
class FindSheet:
    """What is free on a day, at every facility."""

    day: str
    first: str
    last: str
    heading: str
    has_booking: bool
    facilities: tuple[FacilityDay, ...]


@dataclass(frozen=True, slots=True)
class BookingForm:
    """The form as it was filled in, with what is to be corrected by field."""

    start: str = ""
    end: str = ""
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    summary: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@router.get("/book", dependencies=[public_form()])
def find(
    request: Request,
    words: Speaking,
    facilities: Facilities,
    residents: Residents,
    day: DayText = "",
) -> Response:
    """Choose a day and see what is free; find back to what this browser has booked."""
    chosen = day_or(day, words.today)
    shown = tuple(
        facility_day(each, chosen, facilities.availability(each.id, chosen), words)
        for each in facilities.listed()
    )
    sheet = FindSheet(
        day=chosen.isoformat(),
        first=words.today.isoformat(),
        last=(words.today + AHEAD).isoformat(),
        heading=words.day(chosen),
        has_booking=any(residents.holds(cookie) for cookie in cookies_of(request)),
        facilities=shown,
    )
    return render(request, "pages/book.html", find=sheet, comma=words.t("words.comma"))


@router.get("/book/{facility_id}", dependencies=[public_form()])
def form(
    request: Request, words: Speaking, facilities: Facilities, facility_id: str, day: DayText = ""
) -> Response:
    """The form, after the rules."""
    shown = _facility_day(facilities, facility_id, day_or(day, words.today), words)
    return _form(request, shown, BookingForm())


@router.post("/book/{facility_id}", dependencies=[public_form()])
def book(
    request: Request,
    words: Speaking,
    facilities: Facilities,
    residents: Residents,
    facility_id: str,
    day: Annotated[str, Form(max_length=10)],
    start: Annotated[str, Form(max_length=5)] = "",
    end: Annotated[str, Form(max_length=5)] = "",
    name: Annotated[str, Form(max_length=120)] = "",
    phone: Annotated[str, Form(max_length=40)] = "",
    email: Annotated[str, Form(max_length=254)] = "",
    purpose: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Ask for the booking; show the form again where something is to be corrected."""
    given = BookingForm(start, end, name.strip(), _number(phone), email.strip(), purpose.strip())
    chosen = day_or(day, words.today)
    window = chosen_window(chosen, start, end, words)
    untimely = {"start": words.t("book.time_bad")} if window is None else {}
    errors = {**untimely, **_missing(given, words)}
    if errors or window is None:
        shown = _facility_day(facilities, facility_id, chosen, words)
        return _again(request, words, shown, given, errors)
    contact = Contact(given.name, given.email, given.phone, language=words.t.language)
    address = request.client.host if request.client else ""
    try:
        made = residents.request_booking(
            facility_id, window, contact, given.purpose, address=address
        )
    except Problem as problem:
        if problem.kind is CSRF_REFUSED:
            raise
        title = words.t(f"problem.{problem.kind.code}.title")
        shown = _facility_day(facilities, facility_id, chosen, words)
        at = next((name for code, name in FIELDS.items() if code == problem.kind.code), "")
        return _again(request, words, shown, given, {at: title})
    response = go_to("/pin")
    opened = residents.open_link(made.token)
    if opened is not None:
        keep_cookie(request, response, opened, words.now)
    return response


def _facility_day(
    facilities: FacilitiesService, facility_id: str, day: date, words: Words
) -> FacilityDay:
    found = facilities.get(facility_id)
    return facility_day(found, day, facilities.availability(facility_id, day), words)


def _number(text: str) -> str:
    """A telephone number as it was typed, full-width digits made plain ones."""
    return normalize("NFKC", text).strip()


def _missing(given: BookingForm, words: Words) -> dict[str, str]:
    needed = (("name", given.name), ("phone", given.phone))
    errors = {name: words.t(f"book.{name}_missing") for name, value in needed if not value}
    if given.phone and not is_phone(given.phone):
        errors["phone"] = words.t("book.phone_bad")
    return errors


def _again(
    request: Request,
    words: Words,
    shown: FacilityDay,
    given: BookingForm,
    errors: dict[str, str],
) -> Response:
    filled = BookingForm(
        given.start,
        given.end,
        given.name,
        given.phone,
        given.email,
        given.purpose,
        words.t("book.summary"),
        errors,
    )
    return _form(request, shown, filled, HTTPStatus.UNPROCESSABLE_ENTITY)


def _form(
    request: Request,
    shown: FacilityDay,
    filled: BookingForm,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    settings = core_of(request).settings
    by_mail = settings.mail.host and Channel.EMAIL in settings.notices.channels
    told = by_mail or settings.line.token_file is not None
    return render(
        request,
        "pages/book_form.html",
        status=status,
        facility=shown,
        form=filled,
        consent_days=settings.notices.keep_addresses_days if told else None,
    )
