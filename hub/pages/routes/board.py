"""The today board, and taking note of an alarm."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.entries.service import EntriesService
from hub.pages.console import ConsolePages
from hub.pages.frame import Speaking, go_to
from hub.web.core import provided
from hub.web.identity import public, requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[ConsolePages, provided(ConsolePages)]


@router.get("/")
def board(
    request: Request, words: Speaking, pages: Pages, who: Annotated[Principal | None, public()]
) -> Response:
    """The board for the console, one's own month for staff, the booking page for residents."""
    if who is None:
        return go_to("/book")
    if not who.may(Right.DOORS_READ):
        return go_to("/my/month")
    return render(request, "pages/board.html", board=pages.board(who, words))


@router.get("/board/live")
def live_board(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Annotated[Principal, requires(Right.DOORS_READ)],
) -> Response:
    """The board's living part alone."""
    return render(request, "pages/_board.html", board=pages.board(who, words))


@router.post("/alarms/{alarm_id}/acknowledge")
def acknowledge(
    service: Annotated[EntriesService, provided(EntriesService)],
    who: Annotated[Principal, requires(Right.DOORS_UNLOCK)],
    alarm_id: int,
    door: Annotated[str, Form(pattern=r"^[0-9a-f-]{0,36}$")] = "",
) -> Response:
    """Take note of an alarm and go back to the board, or to the door's page it was shown on."""
    service.acknowledge(who, alarm_id)
    return go_to(f"/doors/{door}" if door else "/")
