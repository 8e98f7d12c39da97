"""Terminals for staff: every reader that takes punches, and what it asks of a card."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.terminal_pages import TerminalPages
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[TerminalPages, provided(TerminalPages)]


@router.get("/attendance/terminals")
def terminals(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Annotated[Principal, requires(Right.SITES_READ)],
) -> Response:
    """Every reader that takes punches."""
    return render(
        request,
        "pages/terminals.html",
        terminals=pages.lines(who, words),
        may_write=who.may(Right.SITES_WRITE),
    )


@router.post("/attendance/terminals/{reader_id}")
def ask_for(
    pages: Pages,
    who: Annotated[Principal, requires(Right.SITES_WRITE)],
    reader_id: str,
    min_assurance: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """Let a reader ask for another assurance."""
    pages.ask_for(who, reader_id, min_assurance)
    return go_to("/attendance/terminals")
