"""Bookings for staff: the list, one booking, deciding, cancelling, looking up its PIN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.bookings.backups import BackupCode
from hub.bookings.numbers import MAX_CHARS, NumberMistypedError, read_number
from hub.bookings.records import BookingView, BookingWish
from hub.bookings.residents import ResidentsService
from hub.bookings.search import BookingFilter
from hub.bookings.service import BookingsService
from hub.bookings.tables import BookingState, Payment
from hub.entries.search import Filters
from hub.entries.service import EntriesService
from hub.pages.console import ConsolePages
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.readiness_pages import ReadinessPages
from hub.pages.views.booking import BookingLine
from hub.pages.views.choice import Choice
from hub.pages.views.entry import EntryLine
from hub.pages.views.readiness import ReadinessLine
from hub.pages.words import Words, pin_groups
from hub.web.core import core_of, provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.paging import MAX_LIMIT
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[ConsolePages, provided(ConsolePages)]
Ready = Annotated[ReadinessPages, provided(ReadinessPages)]
Service = Annotated[BookingsService, provided(BookingsService)]
Residents = Annotated[ResidentsService, provided(ResidentsService)]
Entries = Annotated[EntriesService, provided(EntriesService)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Writer = Annotated[Principal, requires(Right.BOOKINGS_WRITE)]
Approver = Annotated[Principal, requires(Right.BOOKINGS_APPROVE)]
Revealer = Annotated[Principal, requires(Right.PINS_REVEAL)]


@dataclass(frozen=True, slots=True)
class BookingDay:
    """Bookings under the heading of their day; none where the page is of one day."""

    heading: str
    bookings: tuple[BookingLine, ...]


@dataclass(frozen=True, slots=True)
class BookingList:
    """Bookings of a day, or those that wait for a decision: then no day is chosen."""

    heading: str
    day: str
    before: str
    after: str
    state: str
    states: list[Choice]
    days: tuple[BookingDay, ...]
    number: str = ""
    number_error: str = ""


@dataclass(frozen=True, slots=True)
class HolderPin:
    """A holder's PIN, or what else they have, in groups: `box` says what, a key box's code or the
    one typed under duress; `opens` is a code's window."""

    name: str
    groups: list[str]
    box: str = ""
    opens: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BookingSheet:
    """A booking with what the reader may do, and who came."""

    line: BookingLine
    may_approve: bool
    may_cancel: bool
    may_reveal: bool
    may_link: bool
    may_backup: bool
    may_mark_paid: bool
    may_reissue: bool
    may_print: bool
    may_see_notices: bool
    stream_at: int
    wrong: ReadinessLine | None
    """What keeps its doors from opening; None where nothing does."""
    entries: tuple[EntryLine, ...]


@router.get("/bookings")
def booking_list(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    day: Annotated[str, Query(max_length=10)] = "",
    state: Annotated[str, Query(max_length=16)] = "",
    number: Annotated[str, Query(max_length=MAX_CHARS)] = "",
) -> Response:
    """The bookings of a day; those that wait for a decision are shown whatever their day. A number
    leads to its booking."""
    error = ""
    if number.strip():
        booking_id = _numbered(pages, who, number)
        if booking_id is not None:
            return go_to(f"/bookings/{booking_id}")
        error = words.t("bookings.number_unknown")
    chosen = day_or(day, words.today)
    wanted = BookingState(state) if state in set(BookingState) else None
    all_days = wanted is BookingState.REQUESTED and not day
    found = pages.bookings_of(who, words, None if all_days else chosen, wanted)
    one = timedelta(days=1)
    sheet = BookingList(
        heading=words.t("bookings.waiting") if all_days else words.day(chosen),
        day="" if all_days else chosen.isoformat(),
        before=(chosen - one).isoformat(),
        after=(chosen + one).isoformat(),
        state=wanted.value if wanted else "",
        states=[Choice(each.value, words.t(f"booking_state.{each}")) for each in BookingState],
        days=_by_day(found) if all_days else (BookingDay("", found),) if found else (),
        number=number,
        number_error=error,
    )
    return render(request, "pages/bookings.html", list=sheet)


def _numbered(pages: ConsolePages, who: Principal, number: str) -> str | None:
    """Give the booking of a number as it was said, the latest where there were several."""
    try:
        wanted = BookingFilter(number=read_number(number))
    except NumberMistypedError:
        return None
    found = pages.bookings.page(who, wanted, None, MAX_LIMIT).items
    return found[-1].booking.id if found else None


def _by_day(found: tuple[BookingLine, ...]) -> tuple[BookingDay, ...]:
    """Give bookings, which come by their start, day by day."""
    days = groupby(found, lambda line: line.day)
    return tuple(BookingDay(day, tuple(lines)) for day, lines in days)


@router.get("/bookings/{booking_id}")
def one_booking(
    request: Request,
    words: Speaking,
    pages: Pages,
    readiness: Ready,
    service: Service,
    entries: Entries,
    who: Reader,
    booking_id: str,
    done: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """One booking, and what was just done to it."""
    found = service.by_id(who, booking_id)
    sheet = _sheet(words, pages, readiness, entries, who, found)
    holds = {
        "approved": sheet.line.confirmed,
        "paid": bool(found.booking.paid),
        "reissued": sheet.line.stands,
    }
    return _page(request, sheet, done=done if holds.get(done) else "")


@router.get("/bookings/{booking_id}/live")
def live_booking(
    request: Request,
    words: Speaking,
    pages: Pages,
    readiness: Ready,
    service: Service,
    entries: Entries,
    who: Reader,
    booking_id: str,
) -> Response:
    """The page's living part alone: how far its PIN is, and who came."""
    sheet = _sheet(words, pages, readiness, entries, who, service.by_id(who, booking_id))
    return render(request, "pages/_booking.html", booking=sheet)


@router.post("/bookings/{booking_id}/approve")
def approve(service: Service, who: Approver, booking_id: str) -> Response:
    """Let it hold."""
    service.decide(who, _key(service, who, booking_id), approve=True)
    return go_to(f"/bookings/{booking_id}?done=approved")


@router.post("/bookings/{booking_id}/paid")
def mark_paid(service: Service, who: Writer, booking_id: str) -> Response:
    """Somebody has the money."""
    service.put(who, _key(service, who, booking_id), BookingWish(paid=True))
    return go_to(f"/bookings/{booking_id}?done=paid")


@router.post("/bookings/{booking_id}/reissue")
def reissue(service: Service, who: Revealer, booking_id: str) -> Response:
    """Give all its holders other digits."""
    service.reissue(who, _key(service, who, booking_id))
    return go_to(f"/bookings/{booking_id}?done=reissued")


@router.post("/bookings/{booking_id}/reject")
def reject(
    service: Service,
    who: Approver,
    booking_id: str,
    reason: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    """End it, with the reason that the booker is told."""
    service.decide(who, _key(service, who, booking_id), approve=False, reason=reason)
    return go_to(f"/bookings/{booking_id}")


@router.post("/bookings/{booking_id}/cancel")
def cancel(service: Service, who: Writer, booking_id: str) -> Response:
    """Take its PINs from every door."""
    service.cancel(who, _key(service, who, booking_id))
    return go_to(f"/bookings/{booking_id}")


@router.post("/bookings/{booking_id}/pin")
def reveal(
    request: Request,
    words: Speaking,
    pages: Pages,
    readiness: Ready,
    service: Service,
    entries: Entries,
    who: Revealer,
    booking_id: str,
) -> Response:
    """Show the PINs once, in the answer to this form alone; the look-up is in the audit log."""
    found = service.by_id(who, booking_id)
    holders = pages.holder_names(found)
    boxes = pages.key_boxes_of(found)
    pins: list[HolderPin] = []
    for each in service.reveal(who, found.booking.reservation_key):
        name = holders.get(each.holder_id, "")
        if each.pin is not None:
            pins.append(HolderPin(name, pin_groups(each.pin)))
        if each.duress is not None:
            pins.append(HolderPin(name, pin_groups(each.duress), words.t("duress.title")))
        for shown in each.codes:
            box = boxes[shown.code.lock_id]
            opens = words.span(*shown.code.effective)
            title = words.name(box.name, box.name_en)
            pins.append(HolderPin(name, pin_groups(shown.digits), title, opens))
    sheet = _sheet(words, pages, readiness, entries, who, service.by_id(who, booking_id))
    return _page(request, sheet, pins=tuple(pins))


@router.post("/bookings/{booking_id}/backup")
def give_backup(
    request: Request,
    words: Speaking,
    pages: Pages,
    readiness: Ready,
    service: Service,
    entries: Entries,
    who: Revealer,
    booking_id: str,
) -> Response:
    """Show the codes for doors that are away once, in the answer to this form alone; the
    look-up is in the audit log."""
    found = service.by_id(who, booking_id)
    names = pages.holder_names(found)
    doors = dict(pages.door_choices(who, words))
    codes = tuple(
        HolderPin(
            names.get(each.holder_id, ""),
            pin_groups(each.digits),
            doors.get(each.door_id, ""),
            words.span(*each.effective),
            _until(words, each),
        )
        for each in pages.backups.issue(who, found.booking.reservation_key)
    )
    sheet = _sheet(words, pages, readiness, entries, who, service.by_id(who, booking_id))
    return _page(request, sheet, backups=codes)


@router.post("/bookings/{booking_id}/link")
def new_link(
    request: Request,
    words: Speaking,
    pages: Pages,
    readiness: Ready,
    service: Service,
    residents: Residents,
    entries: Entries,
    who: Revealer,
    booking_id: str,
) -> Response:
    """Show a new link to the holder's page once, in the answer to this form alone."""
    found = service.by_id(who, booking_id)
    token = residents.new_link(who, found.booking.reservation_key)
    link = f"{core_of(request).settings.public_url.rstrip('/')}/p/{token}"
    sheet = _sheet(words, pages, readiness, entries, who, found)
    return _page(request, sheet, link=link)


def _page(
    request: Request,
    sheet: BookingSheet,
    *,
    pins: tuple[HolderPin, ...] = (),
    backups: tuple[HolderPin, ...] = (),
    link: str = "",
    done: str = "",
) -> Response:
    return render(
        request,
        "pages/booking.html",
        booking=sheet,
        pins=pins,
        backups=backups,
        link=link,
        done=done,
    )


def _until(words: Words, given: BackupCode) -> str:
    """Say until when a standing code opens that its door cannot be told to narrow."""
    if not given.ends_when_confirmed:
        return ""
    return words.t("standing.opens_until", time=words.when(given.opens[1]))


def _key(service: BookingsService, who: Principal, booking_id: str) -> str:
    return service.by_id(who, booking_id).booking.reservation_key


def _may_waive(found: BookingView) -> bool:
    """Whether an approval lets the PIN out although it is not paid."""
    kept = found.booking
    return kept.stands and kept.awaits_payment and kept.payment is Payment.BEFORE_PIN_OR_APPROVED


def _sheet(
    words: Words,
    pages: ConsolePages,
    readiness: ReadinessPages,
    entries: EntriesService,
    who: Principal,
    found: BookingView,
) -> BookingSheet:
    line = pages.booking(words, found)
    came = entries.search(who, Filters(booking_id=line.id), None, 20).items
    writes, reveals = who.may(Right.BOOKINGS_WRITE), who.may(Right.PINS_REVEAL)
    shown = line.confirmed and not line.awaits_payment and reveals
    return BookingSheet(
        line=line,
        may_approve=(line.waits or _may_waive(found)) and who.may(Right.BOOKINGS_APPROVE),
        may_cancel=line.stands and writes,
        may_reveal=shown and bool(line.placements or line.codes),
        may_link=line.stands and reveals,
        may_backup=reveals and pages.backups.offered(found.booking),
        may_mark_paid=line.awaits_payment and writes,
        may_reissue=shown and bool(line.placements) and words.now < found.booking.effective.ends_at,
        may_print=shown and bool(line.placements or line.codes),
        may_see_notices=who.may(Right.NOTICES_READ),
        stream_at=entries.place(),
        wrong=readiness.wrong_with(who, words, found.booking),
        entries=pages.lines(who, words, came),
    )
