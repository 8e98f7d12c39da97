"""/api/v1/notices, the notices of a booking, the rules of sites and facilities."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.notices.domain import Channel, NoticeKind, NoticeState
from hub.notices.rules import NoticeRules
from hub.notices.schemas import NoticeIn, NoticeOut, NoticeRuleIn, NoticeRuleOut
from hub.notices.service import NOT_NOW, NoticeFilter, NoticesService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["notices"])
Service = Annotated[NoticesService, provided(NoticesService)]
RulesService = Annotated[NoticeRules, provided(NoticeRules)]
Reader = Annotated[Principal, requires(Right.NOTICES_READ)]
Sender = Annotated[Principal, requires(Right.NOTICES_SEND)]
SitesReader = Annotated[Principal, requires(Right.SITES_READ)]
SitesWriter = Annotated[Principal, requires(Right.SITES_WRITE)]
ReservationKey = Annotated[str, Path(max_length=128, pattern=r"^[A-Za-z0-9._:~-]+$")]


@router.get("/notices", summary="List notices")
def list_notices(
    who: Reader,
    service: Service,
    state: NoticeState | None = None,
    kind: NoticeKind | None = None,
    channel: Channel | None = None,
    needs_call: Annotated[
        bool | None, Query(description="True: those after which somebody has to telephone.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[NoticeOut]:
    """The newest first, with every try. Addresses are masked."""
    wanted = NoticeFilter(state, kind, channel, needs_call)
    page = service.page(who, wanted, cursor, limit)
    return PageOf(items=[NoticeOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.post("/notices/{notice_id}/handled", summary="Say that the contact was told")
def handled(who: Sender, service: Service, notice_id: str) -> NoticeOut:
    """By telephone, say. It leaves the list of those to be called; again changes nothing."""
    return NoticeOut.of(service.handled(who, notice_id))


@router.get("/bookings/{reservation_key}/notices", summary="The notices of a booking")
def booking_notices(
    who: Reader, service: Service, reservation_key: ReservationKey
) -> list[NoticeOut]:
    """The oldest first: what was sent, what waits and why, what was not needed."""
    return [NoticeOut.of(each) for each in service.of_booking(who, reservation_key)]


@router.post(
    "/bookings/{reservation_key}/notices",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a notice again",
    responses=refuses(NOT_NOW),
)
def send_again(
    who: Sender, service: Service, reservation_key: ReservationKey, given: NoticeIn
) -> NoticeOut:
    """Says how the booking stands now, and goes out at once: at night too, and to a contact that
    wants no other messages. Refused with `notice_not_now` for what is not true of the booking."""
    return NoticeOut.of(service.send_again(who, reservation_key, given.kind, given.channel))


@router.get("/facilities/{facility_id}/notice_rule", summary="A facility's rule for notices")
def facility_rule(who: SitesReader, rules: RulesService, facility_id: str) -> NoticeRuleOut:
    """Its own, and what holds after all."""
    return NoticeRuleOut.of(rules.get(who, "facility", facility_id))


@router.put("/facilities/{facility_id}/notice_rule", summary="Change a facility's rule")
def change_facility_rule(
    who: SitesWriter, rules: RulesService, facility_id: str, given: NoticeRuleIn
) -> NoticeRuleOut:
    """Replaces it. What waits follows it when it is due."""
    return NoticeRuleOut.of(rules.put(who, "facility", facility_id, given.rule()))


@router.get("/sites/{site_id}/notice_rule", summary="A site's rule for notices")
def site_rule(who: SitesReader, rules: RulesService, site_id: str) -> NoticeRuleOut:
    """Its own, and what holds after all."""
    return NoticeRuleOut.of(rules.get(who, "site", site_id))


@router.put("/sites/{site_id}/notice_rule", summary="Change a site's rule")
def change_site_rule(
    who: SitesWriter, rules: RulesService, site_id: str, given: NoticeRuleIn
) -> NoticeRuleOut:
    """Replaces it. A facility's own rule goes before it."""
    return NoticeRuleOut.of(rules.put(who, "site", site_id, given.rule()))
