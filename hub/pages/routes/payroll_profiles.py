"""The editor of payroll profiles: a file's columns as a form, with a preview of real figures."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.months import last_month, month_or
from hub.pages.payroll_forms import COLUMNS_MAX, focus_after, text_of, wanted
from hub.pages.views.payroll import wrong_lines
from hub.pages.views.payroll_profile import column_form, field_choices, lacking, told
from hub.pages.words import Words
from hub.payroll.profile import (
    ClockForm,
    Column,
    DateForm,
    FileEncoding,
    MinuteForm,
    Pad,
    Profile,
    Quoting,
    RowKind,
)
from hub.payroll.profile_files import shipped
from hub.payroll.service import PayrollService, Preview
from hub.payroll.source import Asked
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

router = APIRouter(include_in_schema=False)
Service = Annotated[PayrollService, provided(PayrollService)]
Clerk = Annotated[Principal, requires(Right.PAYROLL_EXPORT)]
_NEW: Final = "new"


@router.get("/payroll/profiles/{profile_id}")
def profile_page(
    request: Request,
    words: Speaking,
    service: Service,
    _who: Clerk,
    profile_id: str,
    copy: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """A profile's form: a kept one, or a new one that begins as a copy of a shipped one."""
    if profile_id == _NEW:
        begun = shipped().get(copy, shipped()["monthly-classes"])
        return _form(request, words, _Edited(_NEW, begun.title, begun))
    kept = service.profile(profile_id)
    return _form(request, words, _Edited(kept.id, kept.name, kept.profile))


@router.post("/payroll/profiles/{profile_id}")
async def change_profile(
    request: Request, words: Speaking, service: Service, who: Clerk, profile_id: str
) -> Response:
    """Keep a profile, show a preview, change its columns, or remove it."""
    given = await request.form(max_fields=COLUMNS_MAX * 10)
    what = text_of(given, "what")
    if what == "drop" and profile_id != _NEW:
        service.drop_profile(who, profile_id)
        return go_to("/payroll")
    try:
        edited = _Edited(profile_id, text_of(given, "name").strip(), wanted(given, what))
    except (ValueError, msgspec.ValidationError) as error:
        before = service.profile(profile_id).profile if profile_id != _NEW else _blank()
        shown = _Edited(profile_id, text_of(given, "name"), before)
        return _form(request, words, shown, error=str(error))
    if what in ("preview", "save") and lacking(edited.profile, words):
        return _form(request, words, edited, error=words.t("payroll.lacking"))
    if what == "preview":
        chosen = month_or(text_of(given, "month"), last_month(words))
        return _previewed(request, words, service, who, edited, chosen)
    if what != "save":
        return _form(request, words, edited, focus=focus_after(what, len(edited.profile.columns)))
    try:
        if profile_id == _NEW:
            service.make_profile(who, edited.name, edited.profile)
        else:
            service.change_profile(who, profile_id, edited.name, edited.profile)
    except DuplicateError:
        taken = words.t("problem.already_exists.title")
        return _form(request, words, edited, error=taken)
    except Problem as problem:
        return _form(request, words, edited, error=told(problem, words))
    return go_to("/payroll")


# --- inside --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edited:
    """A profile in the form."""

    id: str
    name: str
    profile: Profile


def _form(
    request: Request,
    words: Words,
    edited: _Edited,
    *,
    error: str = "",
    preview: Preview | None = None,
    month: Month | None = None,
    focus: str = "",
) -> Response:
    profile = edited.profile
    return render(
        request,
        "pages/payroll_profile.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        id=edited.id,
        name=edited.name,
        profile=profile,
        columns=[column_form(each, profile.rows, words) for each in profile.columns],
        lacking=lacking(profile, words),
        choices=field_choices(profile.rows, words),
        forms=_FORMS,
        rows=[each.value for each in RowKind],
        pads=[each.value for each in Pad],
        encodings=[each.value for each in FileEncoding],
        quotings=[each.value for each in Quoting],
        month=str(month or last_month(words)),
        error=error,
        focus="error" if error else "preview" if preview else focus,
        preview=preview,
        wrong=wrong_lines(preview.wrong, words) if preview else [],
    )


_FORMS: Final = (
    *(("minutes", each.value) for each in MinuteForm),
    *(("clock", each.value) for each in ClockForm),
    *(("date", each.value) for each in DateForm),
)


def _previewed(
    request: Request,
    words: Words,
    service: PayrollService,
    who: Principal,
    edited: _Edited,
    month: Month,
) -> Response:
    try:
        found = service.preview(who, edited.profile, Asked(month))
    except Problem as problem:
        return _form(request, words, edited, error=told(problem, words), month=month)
    return _form(request, words, edited, preview=found, month=month)


def _blank() -> Profile:
    return Profile(title="-", rows=RowKind.MONTH, columns=(Column(field="staff_number"),))
