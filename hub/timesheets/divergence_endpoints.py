"""/api/v1/attendance: divergences, and caps with their alerts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.attendance.endpoints import First, Last
from hub.timesheets.alert_schemas import (
    AnalysisIn,
    CapAlertOut,
    OutlookOut,
    SpecialWorkIn,
    SpecialWorkOut,
)
from hub.timesheets.alert_service import NOT_BEYOND, YEAR_NOT_OVER, AlertService
from hub.timesheets.closing_domain import month_of_text
from hub.timesheets.closing_endpoints import MonthPath, PersonPath
from hub.timesheets.divergence_schemas import ActIn, DivergenceOut, DivergenceSheetOut
from hub.timesheets.divergence_service import DIVERGENCE_SETTLED, DivergenceService
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1/attendance", tags=["closing"])
Divergences = Annotated[DivergenceService, provided(DivergenceService)]
Alerts = Annotated[AlertService, provided(AlertService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
DivergencePath = Annotated[str, Path(max_length=80, examples=[ids.DIVERGENCE])]
Whose = Annotated[str | None, Query(max_length=80)]


@router.get("/divergences", summary="Where order, punches and doors do not agree")
def list_divergences(
    who: Reader,
    service: Divergences,
    first: First,
    last: Last,
    pending: Annotated[
        bool, Query(description="Only those that somebody still has to do something about.")
    ] = True,
    person: Whose = None,
    department: Whose = None,
) -> list[DivergenceOut]:
    """Of at most 100 days, at most 500, by date: everybody's with the right, a head's department,
    one's own."""
    found = service.inbox(
        who, first, last, pending=pending, person_id=person, department_id=department
    )
    return [DivergenceOut.model_validate(each) for each in found]


@router.get("/divergences/{divergence_id}", summary="A divergence with its trail")
def read_divergence(
    who: Reader, service: Divergences, divergence_id: DivergencePath
) -> DivergenceSheetOut:
    """Every step since it was found: who did what, and why."""
    return DivergenceSheetOut.of(service.sheet(who, divergence_id))


@router.post(
    "/divergences/{divergence_id}/acts",
    summary="Do something about a divergence",
    responses=refuses(DIVERGENCE_SETTLED),
)
def act_on_divergence(
    who: Reader, service: Divergences, divergence_id: DivergencePath, given: ActIn
) -> DivergenceOut:
    """`explain` one's own; `investigate`, `correct`, `accept`, `refuse` or `reopen` somebody
    else's, as their head or with the right."""
    made = service.act(who, divergence_id, given.act, given.note, tuple(given.links))
    return DivergenceOut.model_validate(made)


@router.get("/cap-alerts/{month}", summary="A month's alerts about caps")
def list_alerts(who: Reader, service: Alerts, month: MonthPath) -> list[CapAlertOut]:
    """Those one may see, one's own among them, the newest first."""
    found = service.alerts(who, month_of_text(month))
    return [CapAlertOut.model_validate(each) for each in found]


@router.post("/cap-alerts/{alert_id}/seen", summary="Note that an alert was seen")
def see_alert(
    who: Reader,
    service: Alerts,
    alert_id: Annotated[str, Path(max_length=80, examples=[ids.CAP_ALERT])],
) -> CapAlertOut:
    """By a head or personnel; the first stays noted."""
    return CapAlertOut.model_validate(service.see(who, alert_id))


@router.get("/cap-outlooks/{month}", summary="What everybody's month will come to")
def list_outlooks(who: Reader, service: Alerts, month: MonthPath) -> list[OutlookOut]:
    """At the pace so far, and by what is ordered already, the highest first."""
    return [OutlookOut.of(each) for each in service.outlooks(who, month_of_text(month))]


@router.get("/special-works", summary="Work beyond caps in a fiscal year")
def list_special_works(
    who: Reader,
    service: Alerts,
    fiscal_year: Annotated[
        int, Query(ge=2000, le=2199, description="That began in its April.", examples=[2025])
    ],
) -> list[SpecialWorkOut]:
    """Each with its cause, and after the year with its analysis."""
    found = service.special_works(who, fiscal_year)
    return [SpecialWorkOut.model_validate(each) for each in found]


@router.put(
    "/special-works/{month}/{person_id}",
    summary="Record why somebody worked beyond a cap",
    responses=refuses(NOT_BEYOND),
)
def record_special_work(
    who: Reader, service: Alerts, month: MonthPath, person_id: PersonPath, given: SpecialWorkIn
) -> SpecialWorkOut:
    """Of a month in which a cap was broken. The same month anew replaces the cause."""
    made = service.record_special_work(who, person_id, month_of_text(month), given.cause)
    return SpecialWorkOut.model_validate(made)


@router.post(
    "/special-works/{work_id}/analysis",
    status_code=HTTPStatus.OK,
    summary="Record what was made of it after the year",
    responses=refuses(YEAR_NOT_OVER),
)
def analyse_special_work(
    who: Reader,
    service: Alerts,
    work_id: Annotated[str, Path(max_length=80, examples=[ids.SPECIAL_WORK])],
    given: AnalysisIn,
) -> SpecialWorkOut:
    """Its factors, and what follows from them."""
    return SpecialWorkOut.model_validate(service.analyse(who, work_id, given.analysis))
