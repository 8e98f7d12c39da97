"""/api/v1/applications, approvals, delegations, approval_chains and reminders."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response

from hub.applications.bodies import ApplicationKind
from hub.applications.chain_schemas import (
    ChainRuleIn,
    ChainRuleOut,
    DelegationIn,
    DelegationOut,
)
from hub.applications.deciding import Ballot, DecisionsService, Verdict
from hub.applications.decision_schemas import (
    ApplicationDecisionIn,
    ApplicationRefusalIn,
    BulkApprovalIn,
    BulkApprovalOut,
    BulkItemOut,
    InboxItemOut,
    InboxOut,
)
from hub.applications.delegating import ChainsService, DelegationsService, DelegationWanted
from hub.applications.domain import State, Step
from hub.applications.refusing import ALL, NO_PERSON, OWN_CHAIN, OWN_DELEGATION
from hub.applications.reminder_schemas import (
    MissingOut,
    RemindersOut,
)
from hub.applications.reminders import RemindersService
from hub.applications.schemas import (
    ApplicationChangeIn,
    ApplicationCheckOut,
    ApplicationFindingOut,
    ApplicationIn,
    ApplicationOut,
    ApplicationSeenOut,
    ApplicationVersionIn,
    CancellationIn,
    TrailEntryOut,
)
from hub.applications.service import ApplicationsService, Wanted
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["applications"])
_REFUSES = refuses(*ALL)
Applications = Annotated[ApplicationsService, provided(ApplicationsService)]
Decisions = Annotated[DecisionsService, provided(DecisionsService)]
Delegations = Annotated[DelegationsService, provided(DelegationsService)]
Chains = Annotated[ChainsService, provided(ChainsService)]
Reminders = Annotated[RemindersService, provided(RemindersService)]
Own = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_READ)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]


def _shown(application_id: str) -> Any:
    """An application of the examples' town that stands as the route needs it."""
    return Path(openapi_examples={"application": {"value": application_id}})


Waiting = Annotated[str, _shown(ids.APPLICATION_WAITING)]
Unclear = Annotated[str, _shown(ids.APPLICATION_UNCLEAR)]
Needless = Annotated[str, _shown(ids.APPLICATION_NEEDLESS)]
Approved = Annotated[str, _shown(ids.APPLICATION_APPROVED)]
PersonId = Annotated[
    str | None,
    Query(max_length=80, description="Whose; others' needs `attendance:read`."),
]


@router.get("/applications", summary="Applications")
def list_applications(
    who: Own,
    service: Applications,
    cursor: Cursor = None,
    limit: Limit = 50,
    person_id: PersonId = None,
    kind: Annotated[ApplicationKind | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    first: Annotated[CalendarDate | None, Query(description="Reaching to this date.")] = None,
    last: Annotated[CalendarDate | None, Query(description="From this date or before.")] = None,
) -> PageOf[ApplicationOut]:
    """One's own, the newest first; with `attendance:read` everybody's."""
    page = service.page(who, Wanted(person_id, kind, state, first, last), cursor, limit)
    return PageOf(
        items=[ApplicationOut.of(each) for each in page.items], next_cursor=page.next_cursor
    )


@router.post(
    "/applications",
    summary="Apply",
    status_code=HTTPStatus.CREATED,
    responses=_REFUSES,
)
def apply(who: Own, service: Applications, given: ApplicationIn) -> ApplicationOut:
    """A draft, or handed in at once with `submit`. What is refused is not made."""
    made = service.create(
        who, given.kind, given.body(), person_id=given.person_id, submit=given.submit
    )
    return ApplicationOut.of(made)


@router.post("/applications/check", summary="What handing it in would be answered with")
def check(who: Own, service: Applications, given: ApplicationIn) -> ApplicationCheckOut:
    """Every refusal and every warning; nothing is made."""
    found = service.check(who, given.kind, given.body(), given.person_id)
    return ApplicationCheckOut(items=[ApplicationFindingOut.of(each) for each in found])


@router.get("/applications/{application_id}", summary="An application with its trail")
def read_application(who: Own, service: Applications, application_id: str) -> ApplicationSeenOut:
    """For the applicant, those whom its chain asks, and those who may read attendance."""
    seen = service.seen(who, application_id)
    return ApplicationSeenOut(
        application=ApplicationOut.of(seen.application),
        trail=[TrailEntryOut.model_validate(each) for each in seen.trail],
        mine=seen.mine,
        may_decide=seen.may_decide,
    )


@router.put("/applications/{application_id}", summary="Change it", responses=_REFUSES)
def change(
    who: Own, service: Applications, application_id: str, given: ApplicationChangeIn
) -> ApplicationOut:
    """Makes a new version; one that was handed in begins its approval anew."""
    made = service.change(who, application_id, given.version, given.body(), submit=given.submit)
    return ApplicationOut.of(made)


@router.post("/applications/{application_id}/submit", summary="Hand it in", responses=_REFUSES)
def submit(
    who: Own, service: Applications, application_id: str, given: ApplicationVersionIn
) -> ApplicationOut:
    """A draft, or one that was returned."""
    return ApplicationOut.of(service.submit(who, application_id, given.version))


@router.post("/applications/{application_id}/withdraw", summary="Withdraw", responses=_REFUSES)
def withdraw(who: Own, service: Applications, application_id: str) -> ApplicationOut:
    """What is not decided; of a cancellation that waits, the wish for it."""
    return ApplicationOut.of(service.withdraw(who, application_id))


@router.post(
    "/applications/{application_id}/cancel", summary="Ask for a cancellation", responses=_REFUSES
)
def ask_cancel(
    who: Own, service: Applications, application_id: Approved, given: CancellationIn
) -> ApplicationOut:
    """It is approved like the application itself, which holds until then."""
    return ApplicationOut.of(service.ask_cancel(who, application_id, given.comment))


# --- deciding ------------------------------------------------------------------------------------


@router.get("/approvals", summary="What waits for me")
def inbox(who: Own, service: Decisions) -> InboxOut:
    """What the caller may decide now, as a head, by name, or standing in for somebody."""
    items = [
        InboxItemOut(
            application=ApplicationOut.of(each.application),
            for_person_id=each.for_person_id,
            comment=each.comment,
        )
        for each in service.inbox(who)
    ]
    return InboxOut(items=items)


@router.post("/approvals", summary="Approve several", responses=_REFUSES)
def approve_all(who: Own, service: Decisions, given: BulkApprovalIn) -> BulkApprovalOut:
    """Each by itself: one that is refused holds up none of the others."""
    ballots = [Ballot(e.application_id, e.version, e.step) for e in given.items]
    items = [
        BulkItemOut(
            application_id=each.application_id,
            state=each.state,
            problem=each.problem.kind.code if each.problem else None,
        )
        for each in service.approve_all(who, ballots, given.comment)
    ]
    return BulkApprovalOut(items=items)


@router.post("/applications/{application_id}/approve", summary="Approve", responses=_REFUSES)
def approve(
    who: Own, service: Decisions, application_id: Waiting, given: ApplicationDecisionIn
) -> ApplicationOut:
    """By the version and the step that were seen; `409` if it is another by now."""
    ballot = Ballot(application_id, given.version, given.step)
    return ApplicationOut.of(service.decide(who, ballot, Verdict.APPROVE, given.comment))


@router.post("/applications/{application_id}/return", summary="Return", responses=_REFUSES)
def send_back(
    who: Own, service: Decisions, application_id: Unclear, given: ApplicationRefusalIn
) -> ApplicationOut:
    """To be changed and handed in again."""
    ballot = Ballot(application_id, given.version, given.step)
    return ApplicationOut.of(service.decide(who, ballot, Verdict.RETURN, given.comment))


@router.post("/applications/{application_id}/reject", summary="Reject", responses=_REFUSES)
def reject(
    who: Own, service: Decisions, application_id: Needless, given: ApplicationRefusalIn
) -> ApplicationOut:
    """Of a cancellation: it stays approved."""
    ballot = Ballot(application_id, given.version, given.step)
    return ApplicationOut.of(service.decide(who, ballot, Verdict.REJECT, given.comment))


# --- standing in, chains, reminders -------------------------------------------------------------


@router.get("/delegations", summary="Who stands in for whom")
def list_delegations(who: Own, service: Delegations) -> list[DelegationOut]:
    """What one gave and was given; with `attendance:read` everybody's."""
    return [DelegationOut.model_validate(each) for each in service.listed(who)]


@router.post(
    "/delegations",
    summary="Let somebody stand in",
    status_code=HTTPStatus.CREATED,
    responses=refuses(OWN_DELEGATION, NO_PERSON),
)
def give_delegation(who: Own, service: Delegations, given: DelegationIn) -> DelegationOut:
    """For oneself; for others a person with `attendance:write`, who then cannot be the one who
    stands in. A token is no person."""
    wanted = DelegationWanted(
        given.to_person_id,
        given.starts_on,
        given.ends_on,
        tuple(given.kinds),
        given.from_person_id,
    )
    return DelegationOut.model_validate(service.give(who, wanted))


@router.post("/delegations/{delegation_id}/revoke", summary="End a delegation")
def revoke_delegation(who: Own, service: Delegations, delegation_id: str) -> DelegationOut:
    """At once; what was decided by it stays decided."""
    return DelegationOut.model_validate(service.revoke(who, delegation_id))


@router.get("/approval_chains", summary="Who approves what")
def list_chains(_who: Reader, service: Chains) -> list[ChainRuleOut]:
    """In the order in which the rules are tried."""
    return [ChainRuleOut.model_validate(each) for each in service.listed()]


@router.post(
    "/approval_chains",
    summary="Add a rule",
    status_code=HTTPStatus.CREATED,
    responses=refuses(OWN_CHAIN, NO_PERSON),
)
def add_chain(who: Writer, service: Chains, given: ChainRuleIn) -> ChainRuleOut:
    """What waits already keeps the chain it was handed in with. Nobody names themselves; a token
    names nobody."""
    return ChainRuleOut.model_validate(service.add(who, _values(given)))


@router.put(
    "/approval_chains/{rule_id}",
    summary="Change a rule",
    responses=refuses(OWN_CHAIN, NO_PERSON),
)
def change_chain(who: Writer, service: Chains, rule_id: str, given: ChainRuleIn) -> ChainRuleOut:
    """For what is handed in from now on."""
    return ChainRuleOut.model_validate(service.change(who, rule_id, _values(given)))


@router.delete(
    "/approval_chains/{rule_id}", summary="Remove a rule", status_code=HTTPStatus.NO_CONTENT
)
def remove_chain(who: Writer, service: Chains, rule_id: str) -> Response:
    """What waits already keeps its chain."""
    service.remove(who, rule_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/reminders", summary="What is missing")
def read_reminders(who: Own, service: Reminders, person_id: PersonId = None) -> RemindersOut:
    """One's own; somebody's with `attendance:read`."""
    found = service.listed(who, person_id)
    return RemindersOut(items=[MissingOut.model_validate(each) for each in found])


@router.get("/reminders/everybody", summary="What everybody is missing")
def read_all_reminders(who: Reader, service: Reminders) -> RemindersOut:
    """By person."""
    found = service.everybody(who)
    return RemindersOut(items=[MissingOut.model_validate(each) for each in found])


def _values(given: ChainRuleIn) -> dict[str, object]:
    steps = tuple(msgspec.convert(each.model_dump(), Step) for each in given.steps)
    return given.model_dump() | {"kinds": tuple(given.kinds), "steps": steps}
