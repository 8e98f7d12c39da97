"""Zones for staff: the list, one zone, and forgetting where people are: with a reason, on a page of
its own, so that a slip of the finger forgets nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.words import Words
from hub.pages.zone_pages import ZonePages
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right
from hub.zones.service import ZonesService

router = APIRouter(include_in_schema=False)
Pages = Annotated[ZonePages, provided(ZonePages)]
Zones = Annotated[ZonesService, provided(ZonesService)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]
Forgiver = Annotated[Principal, requires(Right.ZONES_FORGIVE)]
Reason = Annotated[str, Form(max_length=200)]
Sure = Annotated[str, Form(max_length=8)]


@router.get("/zones")
def zone_list(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every zone, what asks for attention first."""
    return render(request, "pages/zones.html", zones=pages.lines(who, words))


@router.get("/zones/{zone_id}")
def one_zone(
    request: Request, words: Speaking, pages: Pages, who: Reader, zone_id: str
) -> Response:
    """One zone."""
    return render(request, "pages/zone.html", area=pages.page(who, zone_id, words))


@router.get("/zones/{zone_id}/live")
def live_zone(
    request: Request, words: Speaking, pages: Pages, who: Reader, zone_id: str
) -> Response:
    """The page's living part alone."""
    return render(request, "pages/_zone.html", area=pages.page(who, zone_id, words))


@router.get("/zones/{zone_id}/forgive")
def forgive_zone_form(
    request: Request, words: Speaking, pages: Pages, who: Forgiver, zone_id: str
) -> Response:
    """Say what will be forgotten, and ask why."""
    return _form(request, words, pages, who, zone_id)


@router.post("/zones/{zone_id}/forgive")
def forgive_zone(
    request: Request,
    words: Speaking,
    pages: Pages,
    zones: Zones,
    who: Forgiver,
    zone_id: str,
    reason: Reason = "",
    sure: Sure = "",
) -> Response:
    """Forget everybody in the zone, once a reason is given and the tick is set."""
    error = _not_sure(reason, sure, words)
    if error:
        return _form(request, words, pages, who, zone_id, reason=reason, error=error)
    zones.forgive_zone(who, zone_id, reason.strip())
    return go_to(f"/zones/{zone_id}")


@router.get("/zones/{zone_id}/people/{person_id}/forgive")
def forgive_person_form(
    request: Request, words: Speaking, pages: Pages, who: Forgiver, zone_id: str, person_id: str
) -> Response:
    """The same of one person."""
    return _form(request, words, pages, who, zone_id, person_id)


@router.post("/zones/{zone_id}/people/{person_id}/forgive")
def forgive_person(
    request: Request,
    words: Speaking,
    pages: Pages,
    zones: Zones,
    who: Forgiver,
    zone_id: str,
    person_id: str,
    reason: Reason = "",
    sure: Sure = "",
) -> Response:
    """Forget where somebody is, once a reason is given and the tick is set."""
    error = _not_sure(reason, sure, words)
    if error:
        return _form(request, words, pages, who, zone_id, person_id, reason, error)
    zones.forgive_person(who, person_id, reason.strip())
    return go_to(f"/zones/{zone_id}")


def _form(
    request: Request,
    words: Words,
    pages: ZonePages,
    who: Principal,
    zone_id: str,
    person_id: str = "",
    reason: str = "",
    error: str = "",
) -> Response:
    return render(
        request,
        "pages/zone_forgive.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        area=pages.page(who, zone_id, words),
        person=pages.person_name(who, person_id, words) if person_id else "",
        action=f"/zones/{zone_id}{f'/people/{person_id}' if person_id else ''}/forgive",
        reason=reason,
        error=error,
    )


def _not_sure(reason: str, sure: str, words: Words) -> str:
    if not reason.strip():
        return words.t("unlock.reason_missing")
    return "" if sure == "yes" else words.t("unlock.sure_missing")
