"""Notices for staff: who has to be called, what waits, the wording, the sheet on paper. And for
residents without a login: stopping messages, and the code that links LINE."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response

from hub.bookings.service import BookingsService
from hub.catalogue import Language
from hub.notices.domain import NoticeKind
from hub.notices.line_links import LineLinks
from hub.notices.service import NoticesService
from hub.notices.subscriptions import Subscriptions
from hub.pages.frame import Speaking, go_to
from hub.pages.notice_pages import NoticePages
from hub.pages.pin_cookie import cookies_of
from hub.pages.views.choice import Choice
from hub.pages.views.notice import kind_choices
from hub.web.core import core_of, provided
from hub.web.identity import public_form, public_proven, requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
public_router = APIRouter(include_in_schema=False)
Pages = Annotated[NoticePages, provided(NoticePages)]
Notices = Annotated[NoticesService, provided(NoticesService)]
Bookings = Annotated[BookingsService, provided(BookingsService)]
Stopping = Annotated[Subscriptions, provided(Subscriptions)]
Links = Annotated[LineLinks, provided(LineLinks)]
Reader = Annotated[Principal, requires(Right.NOTICES_READ)]
Sender = Annotated[Principal, requires(Right.NOTICES_SEND)]
Revealer = Annotated[Principal, requires(Right.PINS_REVEAL)]
Token = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("/notices")
def notice_list(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Who has to be called first."""
    may_send = who.may(Right.NOTICES_SEND)
    return render(request, "pages/notices.html", board=pages.board(who, words), may_send=may_send)


@router.get("/notices/templates")
def templates(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:  # noqa: ARG001
    """What is sent, with a made-up booking, in the page's language."""
    return render(request, "pages/notice_templates.html", previews=pages.previews(words))


@router.post("/notices/{notice_id}/handled")
def handled(notices: Notices, who: Sender, notice_id: str) -> Response:
    """Somebody was told by telephone."""
    notices.handled(who, notice_id)
    return go_to("/notices")


@router.get("/bookings/{booking_id}/notices")
def booking_notices(
    request: Request,
    words: Speaking,
    pages: Pages,
    bookings: Bookings,
    who: Reader,
    booking_id: str,
) -> Response:
    """What a booking's contact was told, and sending it again."""
    booking = bookings.by_id(who, booking_id).booking
    may_send = who.may(Right.NOTICES_SEND) and booking.effective.ends_at > words.now
    return render(
        request,
        "pages/booking_notices.html",
        booking_id=booking.id,
        key=booking.reservation_key,
        lines=pages.of_booking(who, booking.reservation_key, words),
        kinds=kind_choices(booking.state, words) if may_send else [],
    )


@router.post("/bookings/{booking_id}/notices")
def send_again(
    notices: Notices,
    bookings: Bookings,
    who: Sender,
    booking_id: str,
    kind: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Send again how things stand now."""
    key = bookings.by_id(who, booking_id).booking.reservation_key
    chosen = NoticeKind(kind) if kind in set(NoticeKind) else None
    notices.send_again(who, key, chosen)
    return go_to(f"/bookings/{booking_id}/notices")


# --- on paper ------------------------------------------------------------------------------------


@router.get("/bookings/{booking_id}/sheet")
def ask_for_sheet(
    request: Request, words: Speaking, bookings: Bookings, who: Revealer, booking_id: str
) -> Response:
    """Choose the language. Shows no digits: looking at an address changes nothing."""
    booking = bookings.by_id(who, booking_id).booking
    languages = [Choice(each.value, words.t(f"language.{each}")) for each in Language]
    return render(
        request,
        "pages/notice_sheet_ask.html",
        booking_id=booking.id,
        languages_of_sheet=languages,
        chosen=booking.contact.language.value,
    )


@router.post("/bookings/{booking_id}/sheet")
def sheet(
    request: Request,
    pages: Pages,
    who: Revealer,
    booking_id: str,
    language: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """The sheet with its digits, in the answer to this form alone; that is in the audit log."""
    chosen = Language(language) if language in set(Language) else Language.JA
    made, words = pages.sheet(who, booking_id, chosen)
    town = core_of(request).settings.town
    page = request.app.state.templates.get_template("pages/notice_sheet.html").render(
        sheet=made,
        t=words.t,
        lang=chosen,
        town=town.name_en if words.english else town.name,
        booking_id=booking_id,
    )
    headers = {"Cache-Control": "no-store", "Content-Language": chosen.html}
    return HTMLResponse(page, headers=headers)


# --- residents -----------------------------------------------------------------------------------


@public_router.get("/u/{token}", dependencies=[public_form()])
def ask_to_stop(request: Request, stopping: Stopping, token: Token) -> Response:
    """Ask before anything is stopped: scanners of mail open links too."""
    found = stopping.of_token(token)
    return render(
        request,
        "pages/notice_stop.html",
        token=token if found else "",
        stopped=bool(found and found.stopped_at),
    )


@public_router.post("/u/{token}", dependencies=[public_proven("the token in the address")])
def stop_at_once(stopping: Stopping, token: Token) -> Response:
    """One click in a mail program (RFC 8058): no page, no cookie, no further question."""
    if not stopping.set_by_token(token, stopped=True):
        raise Problem(NOT_FOUND, "no such link")
    return Response(status_code=200)


@public_router.post("/u/{token}/stop", dependencies=[public_form()])
def stop(stopping: Stopping, token: Token) -> Response:
    """The page's own button."""
    stopping.set_by_token(token, stopped=True)
    return go_to(f"/u/{token}")


@public_router.post("/u/{token}/resume", dependencies=[public_form()])
def resume(stopping: Stopping, token: Token) -> Response:
    """Messages again."""
    stopping.set_by_token(token, stopped=False)
    return go_to(f"/u/{token}")


@public_router.get("/pin/line", dependencies=[public_form()])
def line_offer(request: Request) -> Response:
    """Offer a code that links LINE to the booking this browser holds."""
    return _line_page(request)


@public_router.post("/pin/line", dependencies=[public_form()])
def line_code(request: Request, words: Speaking, links: Links) -> Response:
    """Show a new code, once, in the answer to this form alone."""
    held = cookies_of(request)
    made = links.make(held[0]) if held else None
    if made is None:
        return _line_page(request, none=True)
    return _line_page(request, code=made.shown, until=words.time(made.expires_at))


def _line_page(
    request: Request, *, code: str = "", until: str = "", none: bool = False
) -> Response:
    line = core_of(request).settings.line
    return render(
        request,
        "pages/line_link.html",
        on=line.token_file is not None,
        code=code,
        until=until,
        nothing=none or not cookies_of(request),
        add_url=line.add_friend_url,
    )
