"""Deciding: the inbox, one or many; who stands in; which chains hold."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.applications.bodies import ApplicationKind
from hub.applications.deciding import Ballot, DecisionsService, Verdict
from hub.applications.delegating import ChainsService, DelegationsService
from hub.applications.domain import Approver
from hub.applications.refusing import CHANGED, NO_PERSON, OWN_CHAIN, OWN_DELEGATION, REFUSED, STATE
from hub.pages.application_pages import ApplicationPages, InboxOrder
from hub.pages.delegation_pages import ChainForm, DelegationPages, wanted_of
from hub.pages.frame import Speaking, go_to
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[ApplicationPages, provided(ApplicationPages)]
Decisions = Annotated[DecisionsService, provided(DecisionsService)]
Delegations = Annotated[DelegationsService, provided(DelegationsService)]
Chains = Annotated[ChainsService, provided(ChainsService)]
StandIns = Annotated[DelegationPages, provided(DelegationPages)]
Own = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_READ)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
Short = Annotated[str, Form(max_length=80)]
Comment = Annotated[str, Form(max_length=400)]
Many = Annotated[list[str], Form(max_length=200)]
Count = Annotated[int, Query(ge=0, le=200)]

_FOUR_EYES = (OWN_DELEGATION, OWN_CHAIN, NO_PERSON)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of many that were approved at once."""

    approved: int = 0
    refused: int = 0
    error: str = ""


@router.get("/approvals")
def inbox(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Own,
    approved: Count = 0,
    refused: Count = 0,
    sort: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Everything that waits for the reader."""
    order = InboxOrder(sort) if sort in set(InboxOrder) else InboxOrder.WAITING
    return _inbox(request, words, pages, who, Done(approved, refused), order)


@router.post("/approvals")
def approve_many(
    request: Request,
    words: Speaking,
    pages: Pages,
    decisions: Decisions,
    who: Own,
    chosen: Many | None = None,
    comment: Comment = "",
) -> Response:
    """Approve those that are ticked; each tick names the version and the step that were shown."""
    ballots = [found for each in chosen or [] if (found := _ballot(each)) is not None]
    if not ballots:
        nothing = Done(error=words.t("approval.nothing_chosen"))
        return _inbox(request, words, pages, who, nothing)
    done = decisions.approve_all(who, ballots, comment)
    refused = sum(each.problem is not None for each in done)
    return go_to(f"/approvals?approved={len(done) - refused}&refused={refused}")


@router.post("/approvals/confirm")
def confirm_many(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Own,
    chosen: Many | None = None,
    comment: Comment = "",
) -> Response:
    """Show what approving those that are ticked does, all together; nothing is decided yet."""
    lines = pages.chosen(who, words, chosen or [])
    if not lines:
        nothing = Done(error=words.t("approval.nothing_chosen"))
        return _inbox(request, words, pages, who, nothing)
    return render(request, "pages/approvals_confirm.html", lines=lines, comment=comment)


@router.post("/approvals/{application_id}")
def decide(
    request: Request,
    words: Speaking,
    pages: Pages,
    decisions: Decisions,
    who: Own,
    application_id: str,
    version: Annotated[int, Form(ge=1, le=1_000_000)],
    step: Annotated[int, Form(ge=0, le=100)],
    verdict: Annotated[Verdict, Form()],
    comment: Comment = "",
) -> Response:
    """Decide one."""
    ballot = Ballot(application_id, version, step)
    try:
        decisions.decide(who, ballot, verdict, comment)
    except Problem as problem:
        error = _said(problem, words)
        if not error:
            raise
        return render(
            request,
            "pages/application.html",
            status=problem.kind.status,
            found=pages.page(who, application_id, words),
            error=error,
        )
    return go_to("/approvals?approved=1" if verdict is Verdict.APPROVE else "/approvals")


# --- standing in ---------------------------------------------------------------------------------


@router.get("/delegations")
def delegations(request: Request, words: Speaking, stand_ins: StandIns, who: Own) -> Response:
    """Who stands in for whom."""
    return _delegations(request, words, stand_ins, who)


@router.post("/delegations")
def give_delegation(
    request: Request,
    words: Speaking,
    stand_ins: StandIns,
    service: Delegations,
    who: Own,
    to: Short = "",
    giver: Short = "",
    starts_on: Short = "",
    ends_on: Short = "",
    kinds: Many | None = None,
) -> Response:
    """Let somebody stand in, named by their staff number: for the reader, or with the right for
    somebody else who is named too."""
    person_id = stand_ins.by_number(to)
    for_whom = stand_ins.by_number(giver) if giver.strip() else None
    wanted = wanted_of(person_id, starts_on, ends_on, kinds or [], for_whom)
    lacks = person_id is None or (bool(giver.strip()) and for_whom is None)
    if lacks or wanted is None:
        key = "delegation.unknown" if lacks else "application.not_found_day"
        return _delegations(request, words, stand_ins, who, words.t(key))
    try:
        service.give(who, wanted)
    except Problem as problem:
        if problem.kind in _FOUR_EYES:
            return _delegations(request, words, stand_ins, who, _told(problem, words))
        if problem.kind is not INVALID:
            raise
        error = words.t("application.refusal.dates_reversed")
        if any(each.code in ("oneself", "missing") for each in problem.fields):
            error = words.t("delegation.unknown")
        return _delegations(request, words, stand_ins, who, error)
    return go_to("/delegations")


@router.post("/delegations/{delegation_id}/revoke")
def revoke_delegation(service: Delegations, who: Own, delegation_id: str) -> Response:
    """End one now."""
    service.revoke(who, delegation_id)
    return go_to("/delegations")


# --- chains --------------------------------------------------------------------------------------


@router.get("/approval-chains")
def chains(request: Request, words: Speaking, stand_ins: StandIns, who: Reader) -> Response:
    """Every rule, in the order in which they are tried."""
    return _chains(request, words, stand_ins, who)


@router.get("/approval-chains/{rule_id}/edit")
def edit_chain(
    request: Request, words: Speaking, stand_ins: StandIns, who: Writer, rule_id: str
) -> Response:
    """One rule's form, filled in."""
    return _chains(request, words, stand_ins, who, form=stand_ins.form_of(rule_id), of=rule_id)


@router.post("/approval-chains")
def add_chain(
    request: Request,
    words: Speaking,
    stand_ins: StandIns,
    service: Chains,
    who: Writer,
    form: Annotated[ChainForm, Form()],
) -> Response:
    """Add one."""
    try:
        service.add(who, stand_ins.values(form))
    except Problem as problem:
        error = _invalid(problem, words)
        return _chains(request, words, stand_ins, who, error, form)
    return go_to("/approval-chains")


@router.post("/approval-chains/{rule_id}/edit")
def change_chain(
    request: Request,
    words: Speaking,
    stand_ins: StandIns,
    service: Chains,
    who: Writer,
    rule_id: str,
    form: Annotated[ChainForm, Form()],
) -> Response:
    """Change one; what waits already keeps the chain it was handed in with."""
    try:
        service.change(who, rule_id, stand_ins.values(form))
    except Problem as problem:
        error = _invalid(problem, words)
        return _chains(request, words, stand_ins, who, error, form, of=rule_id)
    return go_to("/approval-chains")


@router.post("/approval-chains/{rule_id}/remove")
def remove_chain(service: Chains, who: Writer, rule_id: str) -> Response:
    """Remove one."""
    service.remove(who, rule_id)
    return go_to("/approval-chains")


# --- inside --------------------------------------------------------------------------------------


def _inbox(
    request: Request,
    words: Words,
    pages: ApplicationPages,
    who: Principal,
    done: Done,
    order: InboxOrder = InboxOrder.WAITING,
) -> Response:
    return render(
        request,
        "pages/approvals.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if done.error else HTTPStatus.OK,
        lines=pages.inbox(who, words, order),
        order=order.value,
        orders=[each.value for each in InboxOrder],
        done=done,
    )


def _delegations(
    request: Request, words: Words, pages: DelegationPages, who: Principal, error: str = ""
) -> Response:
    return render(
        request,
        "pages/delegations.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        lines=pages.lines(who, words),
        kinds=[each.value for each in ApplicationKind],
        today=words.today.isoformat(),
        may_give=who.person_id is not None,
        for_others=who.may(Right.ATTENDANCE_WRITE),
        error=error,
    )


def _told(problem: Problem, words: Words) -> str:
    """Say that somebody else has to do it."""
    return words.t(f"problem.{problem.kind.code}.title")


def _invalid(problem: Problem, words: Words) -> str:
    """Say that a rule cannot be as it is; anything else is another page's matter."""
    if problem.kind in _FOUR_EYES:
        return _told(problem, words)
    if problem.kind is not INVALID:
        raise problem
    return words.t("chain.invalid")


_NEW_RULE = ChainForm(position="10", steps=[Approver.HEAD.value])


def _chains(
    request: Request,
    words: Words,
    pages: DelegationPages,
    who: Principal,
    error: str = "",
    form: ChainForm = _NEW_RULE,
    of: str = "",
) -> Response:
    return render(
        request,
        "pages/approval_chains.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        rules=pages.rules(words),
        departments=pages.departments(words),
        kinds=[each.value for each in ApplicationKind],
        approvers=[each.value for each in Approver],
        may_write=who.may(Right.ATTENDANCE_WRITE),
        form=form,
        of=of,
        error=error,
    )


def _ballot(text: str) -> Ballot | None:
    """Read `id:version:step` of a tick."""
    application_id, _, rest = text.partition(":")
    version, _, step = rest.partition(":")
    if not all(each.isascii() and each.isdigit() and len(each) < 8 for each in (version, step)):
        return None
    return Ballot(application_id, int(version), int(step))


def _said(problem: Problem, words: Words) -> str:
    """What a decision was refused for, where the page can go on; empty otherwise."""
    if problem.kind in (CHANGED, STATE):
        return words.t("approval.changed")
    if problem.kind is INVALID:
        return words.t("approval.comment_missing")
    if problem.kind is REFUSED:
        told = (words.t(f"application.refusal.{each.code}") for each in problem.fields)
        return " ".join(told)
    return ""
