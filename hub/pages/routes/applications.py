"""Staff apply: their list, one form per kind, one application, and what is missing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.applications.bodies import BODY_OF, ApplicationKind, PunchCause, PunchChange
from hub.applications.checks import Refusal
from hub.applications.mailer import said_of
from hub.applications.refusing import REFUSED
from hub.applications.reminders import RemindersService
from hub.applications.service import ApplicationsService, Wanted
from hub.pages.application_forms import (
    FIELD_OF,
    NEW_PUNCH,
    ApplicationForm,
    FormError,
    body_of,
    form_of,
)
from hub.pages.application_pages import ApplicationPages, Told
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.views.application import dated
from hub.pages.words import Words
from hub.tabular.eras import era_day
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[ApplicationPages, provided(ApplicationPages)]
Applications = Annotated[ApplicationsService, provided(ApplicationsService)]
Reminders = Annotated[RemindersService, provided(RemindersService)]
Own = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Filled = Annotated[ApplicationForm, Form()]
Comment = Annotated[str, Form(max_length=400)]
_NOTHING = Told()


@router.get("/my/applications")
def my_applications(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Applications,
    reminders: Reminders,
    who: Own,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """One's own, the newest first, and above them what is missing."""
    none = who.person_id is None
    page = service.page(who, Wanted(person_id=who.person_id), cursor, 40)
    missing = [
        (said_of(each, words), dated(each.day, words), each.link) for each in reminders.listed(who)
    ]
    return render(
        request,
        "pages/my_applications.html",
        lines=[] if none else pages.mine(page.items, words),
        missing=missing,
        no_person=none,
        next_cursor=page.next_cursor,
    )


@router.get("/my/applications/new")
def new_application(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Own,
    kind: Annotated[str, Query(max_length=20)] = "",
    date: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The kinds to choose from, or one kind's form, filled in with a date."""
    day = day_or(date, words.today).isoformat()
    if kind not in set(ApplicationKind):
        kinds, given = list(ApplicationKind), day if date == day else ""
        return render(request, "pages/application_kinds.html", kinds=kinds, day=given)
    # The last day stays empty: who asks for one day changes only the first.
    form = ApplicationForm(kind=kind, first=day)
    if kind == ApplicationKind.PUNCH:
        missing = pages.missing_direction(who, day_or(day, words.today))
        picked = NEW_PUNCH if missing else ""
        form = form.model_copy(update={"direction": missing, "punch_id": picked})
    return _form(request, words, pages, who, ApplicationKind(kind), form)


@router.post("/my/applications/new")
def hand_in_new(
    request: Request, words: Speaking, pages: Pages, service: Applications, who: Own, form: Filled
) -> Response:
    """Hand it in, or keep it as a draft; what is refused is shown beside what was written."""
    if form.kind not in set(ApplicationKind):
        return go_to("/my/applications/new")
    kind = ApplicationKind(form.kind)
    if form.look:
        return _form(request, words, pages, who, kind, form)
    try:
        body = body_of(kind, form)
    except FormError as error:
        text = words.t(error.key)
        told = Told(refused=(text,), beside={error.field: text})
        return _form(request, words, pages, who, kind, form, told=told)
    try:
        made = service.create(who, kind, body, submit=not form.draft)
    except Problem as problem:
        told = _refused(problem, words)
        return _form(request, words, pages, who, kind, form, told=told)
    return go_to(f"/my/applications/{made.id}")


@router.get("/my/applications/{application_id}")
def one_application(
    request: Request, words: Speaking, pages: Pages, who: Own, application_id: str
) -> Response:
    """One, with its trail; for the applicant and for those who decide it."""
    page = pages.page(who, application_id, words)
    return render(request, "pages/application.html", found=page, error="")


@router.get("/my/applications/{application_id}/edit")
def edit_application(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Applications,
    who: Own,
    application_id: str,
) -> Response:
    """The form, filled in with what it says now."""
    found = service.seen(who, application_id).application
    form = form_of(found.kind, found.body, found.version)
    return _form(request, words, pages, who, found.kind, form, of=application_id)


@router.post("/my/applications/{application_id}/edit")
def hand_in_change(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Applications,
    who: Own,
    application_id: str,
    form: Filled,
) -> Response:
    """Make a new version."""
    kind = service.seen(who, application_id).application.kind
    if form.look:
        return _form(request, words, pages, who, kind, form, of=application_id)
    version = int(form.version) if form.version.isascii() and form.version.isdigit() else 0
    try:
        body = body_of(kind, form)
        service.change(who, application_id, version, body, submit=not form.draft)
    except FormError as error:
        text = words.t(error.key)
        told = Told(refused=(text,), beside={error.field: text})
        return _form(request, words, pages, who, kind, form, told=told, of=application_id)
    except Problem as problem:
        told = _refused(problem, words)
        return _form(request, words, pages, who, kind, form, told=told, of=application_id)
    return go_to(f"/my/applications/{application_id}")


@router.post("/my/applications/{application_id}/submit")
def submit_application(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Applications,
    who: Own,
    application_id: str,
    version: Annotated[int, Form(ge=1, le=1_000_000)],
) -> Response:
    """Hand a draft in."""
    try:
        service.submit(who, application_id, version)
    except Problem as problem:
        if problem.kind is not REFUSED:
            raise
        found = service.seen(who, application_id).application
        form = form_of(found.kind, found.body, found.version)
        told = _refused(problem, words)
        return _form(request, words, pages, who, found.kind, form, told=told, of=application_id)
    return go_to(f"/my/applications/{application_id}")


@router.post("/my/applications/{application_id}/withdraw")
def withdraw_application(
    service: Applications, who: Own, application_id: str, comment: Comment = ""
) -> Response:
    """Take it back."""
    service.withdraw(who, application_id, comment)
    return go_to(f"/my/applications/{application_id}")


@router.post("/my/applications/{application_id}/cancel")
def cancel_application(
    request: Request,
    words: Speaking,
    pages: Pages,
    service: Applications,
    who: Own,
    application_id: str,
    comment: Comment = "",
) -> Response:
    """Ask for its cancellation, and say why."""
    if not comment.strip():
        return render(
            request,
            "pages/application.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            found=pages.page(who, application_id, words),
            error=words.t("application.refusal.reason_missing"),
        )
    service.ask_cancel(who, application_id, comment)
    return go_to(f"/my/applications/{application_id}")


def _form(
    request: Request,
    words: Words,
    pages: ApplicationPages,
    who: Principal,
    kind: ApplicationKind,
    form: ApplicationForm,
    *,
    told: Told = _NOTHING,
    of: str = "",
) -> Response:
    if who.person_id is None and not of:
        raise Problem(NOT_FOUND, "you are no member of staff")
    day = day_or(form.first, words.today)
    shape = BODY_OF[kind].__name__.removesuffix("Body").lower()
    return render(
        request,
        "pages/application_form.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if told.refused else HTTPStatus.OK,
        kind=kind.value,
        shape=shape,
        form=form,
        told=told,
        action=f"/my/applications/{of}/edit" if of else "/my/applications/new",
        back=f"/my/applications/{of}" if of else "/my/applications",
        era="" if words.english else era_day(day),
        window=pages.window(kind, day, words),
        leave_kinds=pages.leave_kinds(who, words) if shape == "leave" else [],
        punches=pages.punches(who, day, words) if shape == "punch" else [],
        changes=[each.value for each in PunchChange if each is not PunchChange.ADD],
        causes=[each.value for each in PunchCause],
    )


def _refused(problem: Problem, words: Words) -> Told:
    """Say what was refused, in the words of the page; anything else is another page's matter."""
    if problem.kind is not REFUSED:
        raise problem
    said = {each.code: words.t(f"application.refusal.{each.code}") for each in problem.fields}
    beside = {FIELD_OF[Refusal(c)]: text for c, text in said.items() if Refusal(c) in FIELD_OF}
    return Told(refused=tuple(dict.fromkeys(said.values())), beside=beside)
