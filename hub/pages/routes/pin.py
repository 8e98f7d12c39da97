"""The PIN page: a link opened once becomes a cookie, and the address stays clean.

Opening a link only shows a button: mail scanners and previews follow links too, and must not use
up the one time it works. Neither token nor PIN stands in a title, an address or a log.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response

from hub.bookings.facilities import FacilitiesService
from hub.bookings.ics import MEDIA_TYPE, file_name, ics_of
from hub.bookings.records import BookingView
from hub.bookings.residents import ResidentsService
from hub.pages.console import ConsolePages
from hub.pages.frame import Speaking, go_to
from hub.pages.pin_cookie import cookies_of, keep_cookie
from hub.pages.views.pin import pin_sheet
from hub.web.addresses import address_kind
from hub.web.core import core_of, provided
from hub.web.identity import public_form
from hub.web.pages import render

router = APIRouter(include_in_schema=False)
Residents = Annotated[ResidentsService, provided(ResidentsService)]
Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Pages = Annotated[ConsolePages, provided(ConsolePages)]
Token = Annotated[str, Path(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


LOOK_AGAIN_S = 30
"""A browser asks again by itself while staff have not decided, with or without scripts."""


@router.get("/p/{token}", dependencies=[public_form()])
def link(request: Request, token: Token) -> Response:
    """Offer to show the PIN. Changes nothing."""
    return render(request, "pages/pin_link.html", token=token, phone=_town_phone(request))


@router.post("/p/{token}", dependencies=[public_form()])
def open_link(request: Request, words: Speaking, residents: Residents, token: Token) -> Response:
    """Exchange the link for a cookie. A link used before leads to what this browser holds."""
    opened = residents.open_link(token)
    if opened is None and not _held(request, residents):
        return render(request, "pages/pin_link.html", token="", phone=_town_phone(request))
    response = go_to("/pin")
    if opened is not None:
        keep_cookie(request, response, opened, words.now)
    return response


@router.get("/pin", dependencies=[public_form()])
def pin(
    request: Request,
    words: Speaking,
    residents: Residents,
    facilities: Facilities,
    pages: Pages,
    booking: Annotated[str, Query(max_length=128)] = "",
) -> Response:
    """The PIN of the newest booking this browser holds, or of the one that is named."""
    held = _held(request, residents)
    cookie, view = next(
        (each for each in held if each[1].booking.id == booking), held[0] if held else ("", None)
    )
    chosen = residents.shown(cookie, address_kind(request.client.host if request.client else None))
    if chosen is None:
        return render(request, "pages/pin_link.html", token="", phone=_town_phone(request))
    others = [pages.booking(words, each) for _, each in held if each is not view]
    line = pages.booking(words, chosen.view)
    boxes = pages.key_boxes_of(chosen.view)
    facility = facilities.of_booking(chosen.view.booking)
    steps = facility.steps if facility else ()
    sheet = pin_sheet(chosen.view, chosen.revealed, line, words, others, boxes, steps)
    phone = (facility and facility.phone) or _town_phone(request)
    by_line = core_of(request).settings.line.token_file is not None and sheet.state != "over"
    response = render(request, "pages/pin.html", pin=sheet, phone=phone, by_line=by_line)
    if sheet.state in ("requested", "unpaid"):
        response.headers["Refresh"] = str(LOOK_AGAIN_S)
    return response


@router.get("/pin/calendar", dependencies=[public_form()])
def calendar(
    request: Request,
    words: Speaking,
    residents: Residents,
    facilities: Facilities,
    pages: Pages,
    booking: Annotated[str, Query(max_length=128)],
) -> Response:
    """A booking this browser holds, for its calendar: without the PIN, with the page's address."""
    for _, shown in _held(request, residents):
        kept = shown.booking
        if kept.id == booking:
            line = pages.booking(words, shown)
            settings = core_of(request).settings
            content = ics_of(
                kept,
                facilities.of_booking(kept),
                place=line.facility,
                url=f"{settings.public_url}/pin?booking={kept.id}",
                organizer_host=settings.public_host,
                language=words.t.language,
            )
            name = f'attachment; filename="{file_name(kept)}"'
            headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
            return Response(content, media_type=MEDIA_TYPE, headers=headers)
    return go_to("/pin")


@router.post("/pin/cancel", dependencies=[public_form()])
def cancel(
    request: Request,
    residents: Residents,
    booking: Annotated[str, Form(max_length=128)],
) -> Response:
    """Cancel a booking this browser holds."""
    opens = False
    for cookie, view in _held(request, residents):
        if view.booking.id == booking:
            gone = residents.cancel(cookie)
            opens = opens or bool(gone and gone.still_opens)
    return go_to("/pin/cancelled?opens=1" if opens else "/pin/cancelled")


@router.get("/pin/cancelled", dependencies=[public_form()])
def cancelled(request: Request, opens: Annotated[str, Query(max_length=1)] = "") -> Response:
    """Say that it is cancelled, and that a key box still `opens` where it does."""
    phone = _town_phone(request)
    return render(request, "pages/cancelled.html", phone=phone, opens=opens == "1")


def _held(request: Request, residents: ResidentsService) -> list[tuple[str, BookingView]]:
    """Give the bookings this browser holds, without their PINs, with the cookie of each."""
    found = [(cookie, residents.seen(cookie)) for cookie in cookies_of(request)]
    return [(cookie, view) for cookie, view in found if view is not None]


def _town_phone(request: Request) -> str:
    return core_of(request).settings.town.phone
