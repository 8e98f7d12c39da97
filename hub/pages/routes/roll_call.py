"""The roll call: one click, big, printable, and as a file that needs nothing but a browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.pages.frame import Speaking
from hub.pages.views.roll_call import RollBy, roll_page
from hub.sites.kinds import SITE
from hub.visitors.roll_call import RollCallService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import STATIC, render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Roll = Annotated[RollCallService, provided(RollCallService)]
Rows = Annotated[AuditedRows, provided(AuditedRows)]
Caller = Annotated[Principal, requires(Right.ROLL_CALL)]
Site = Annotated[str, Query(max_length=80)]
_MOST_SITES = 200


@router.get("/roll-call")
def roll_call(
    request: Request,
    words: Speaking,
    roll: Roll,
    rows: Rows,
    who: Caller,
    site: Site = "",
    by: RollBy = RollBy.ZONE,
) -> Response:
    """Who is inside."""
    sites = rows.page(who, SITE, None, _MOST_SITES).items
    page = roll_page(roll.call(who, site or None), by, words)
    return render(request, "pages/roll_call.html", roll=page, sites=sites)


@router.get("/roll-call/file")
def roll_call_file(
    request: Request,
    words: Speaking,
    roll: Roll,
    who: Caller,
    site: Site = "",
    by: RollBy = RollBy.ZONE,
) -> Response:
    """The same as one file that refers to nothing: it works where the hub is lost."""
    found = roll.call(who, site or None)
    css = (STATIC / "roll_call.css").read_text(encoding="utf-8")
    at = f"{found.at.astimezone(words.zone):%Y%m%d-%H%M}"
    headers = {"Content-Disposition": f'attachment; filename="roll-call-{at}.html"'}
    page = roll_page(found, by, words)
    return render(request, "pages/roll_call_file.html", headers=headers, roll=page, css=css)
