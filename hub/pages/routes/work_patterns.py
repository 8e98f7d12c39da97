"""Patterns: which shift falls on which day, over and over, with a look at the next four weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.database.errors import DuplicateError
from hub.database.scope import Scope
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.views.shift_code import code_lines
from hub.pages.views.work_pattern import (
    draft_of,
    filled,
    given_of,
    kind_text,
    pattern_form,
    pattern_lines,
    preview_card,
    read_pattern_form,
    refused,
)
from hub.pages.words import Words
from hub.rosters import repository
from hub.rosters.assigning import AssignmentsService, Holder
from hub.rosters.domain import Assignment, ShiftCode, WorkPattern
from hub.rosters.kinds import WORK_PATTERN
from hub.rosters.previewing import PatternPreviews
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Rows = Annotated[AuditedRows, provided(AuditedRows)]
Previews = Annotated[PatternPreviews, provided(PatternPreviews)]
Assignments = Annotated[AssignmentsService, provided(AssignmentsService)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
_LIST: Final = "/rosters/patterns"
_FIELDS_MAX: Final = 420
"""A cycle of a year, and the fields around it."""


@router.get("/rosters/patterns")
def patterns_page(
    request: Request, words: Speaking, rows: Rows, assignments: Assignments, who: Staff
) -> Response:
    """Every pattern, and for how many it holds."""
    codes, patterns = rows.look(_read)
    held: dict[str, list[Assignment]] = defaultdict(list)
    for each in assignments.lasting():
        held[each.pattern_id].append(each)
    lines = pattern_lines(patterns, codes, held, words)
    return render(
        request,
        "pages/work_patterns.html",
        lines=[each for each in lines if not each.retired],
        retired=[each for each in lines if each.retired],
        has_codes=any(not each.retired for each in codes.values()),
        may_write=who.may(Right.ATTENDANCE_WRITE),
    )


@router.get("/rosters/patterns/new")
def new_pattern(
    request: Request,
    words: Speaking,
    rows: Rows,
    previews: Previews,
    assignments: Assignments,
    _who: Writer,
) -> Response:
    """An empty week."""
    given = given_of(None, {}, words.today)
    return _Form(request, words, rows, previews, assignments).answer(None, given)


@router.post("/rosters/patterns/new")
async def add_pattern(
    request: Request,
    words: Speaking,
    rows: Rows,
    previews: Previews,
    assignments: Assignments,
    who: Writer,
) -> Response:
    """Add a pattern; or another length, a fill, or a look ahead, and nothing is kept yet."""
    return await _Form(request, words, rows, previews, assignments).write(who, None)


@router.get("/rosters/patterns/{pattern_id}")
def pattern_page(
    request: Request,
    words: Speaking,
    rows: Rows,
    previews: Previews,
    assignments: Assignments,
    who: Staff,
    pattern_id: str,
) -> Response:
    """A pattern and the next four weeks by it; a form for those who may change it."""
    pattern = rows.get(who, WORK_PATTERN, pattern_id)
    codes, _ = rows.look(_read)
    given = given_of(pattern, codes, words.today)
    form = _Form(request, words, rows, previews, assignments)
    return form.answer(pattern, given, look=True, who=who)


@router.post("/rosters/patterns/{pattern_id}")
async def change_pattern(
    request: Request,
    words: Speaking,
    rows: Rows,
    previews: Previews,
    assignments: Assignments,
    who: Writer,
    pattern_id: str,
) -> Response:
    """Change a pattern; months that stand on it are reckoned anew."""
    pattern = rows.get(who, WORK_PATTERN, pattern_id)
    return await _Form(request, words, rows, previews, assignments).write(who, pattern)


@router.post("/rosters/patterns/{pattern_id}/retire")
def retire_pattern(
    request: Request,
    words: Speaking,
    rows: Rows,
    previews: Previews,
    assignments: Assignments,
    who: Writer,
    pattern_id: str,
    back: str = "",
) -> Response:
    """Let it be assigned to nobody any more, or with `back` let it again."""
    pattern = rows.get(who, WORK_PATTERN, pattern_id)
    try:
        rows.change(who, WORK_PATTERN, pattern_id, {"retired": back != "1"})
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        codes, _ = rows.look(_read)
        form = _Form(request, words, rows, previews, assignments)
        given = given_of(pattern, codes, words.today)
        return form.answer(pattern, given, refused(problem, words), look=True, who=who)
    return go_to(_LIST)


def _read(scope: Scope) -> tuple[dict[str, ShiftCode], tuple[WorkPattern, ...]]:
    return {each.id: each for each in repository.codes(scope)}, repository.patterns(scope)


class _Form:
    """The form of one request."""

    def __init__(
        self,
        request: Request,
        words: Words,
        rows: AuditedRows,
        previews: PatternPreviews,
        assignments: AssignmentsService,
    ) -> None:
        self._request, self._words, self._rows = request, words, rows
        self._previews, self._assignments = previews, assignments

    async def write(self, who: Principal, pattern: WorkPattern | None) -> Response:
        """Do what was pressed."""
        form = await self._request.form(max_fields=_FIELDS_MAX)
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        what = given.get("what", "save")
        if what == "fill":
            given = filled(given)
        if what != "save":
            shown = {
                **given,
                "shown": given.get("days", "") if what == "show" else given.get("shown", ""),
            }
            return self.answer(pattern, shown, look=True, asked=what == "preview", who=who)
        codes, _ = self._rows.look(_read)
        values, errors, _ = read_pattern_form(pattern, given, [*codes.values()], self._words)
        if not errors:
            errors = self._keep(who, pattern, values)
        if errors:
            return self.answer(pattern, given, errors, who=who)
        return go_to(_LIST)

    def _keep(
        self, who: Principal, pattern: WorkPattern | None, values: Mapping[str, object]
    ) -> dict[str, str]:
        try:
            if pattern is None:
                self._rows.add(who, WORK_PATTERN, values)
            else:
                self._rows.change(who, WORK_PATTERN, pattern.id, values)
        except DuplicateError:
            return {"name": self._words.t("pattern.error.twice")}
        except Problem as problem:
            if problem.kind is not INVALID:
                raise
            return refused(problem, self._words)
        return {}

    def answer(
        self,
        pattern: WorkPattern | None,
        given: Mapping[str, str],
        errors: Mapping[str, str] | None = None,
        *,
        look: bool = False,
        asked: bool = False,
        who: Principal | None = None,
    ) -> Response:
        """Give the page: all that was typed, what is wrong with it, and with `look` four weeks. A
        look that was `asked` for says what hinders it."""
        words = self._words
        codes, _ = self._rows.look(_read)
        found, wrong_days = dict(errors or {}), list[int]()
        preview = None
        if look or errors:
            complete = {**given, "name": given.get("name", "").strip() or "-"}
            values, wrong, wrong_days = read_pattern_form(
                pattern, complete, [*codes.values()], words
            )
            if asked or errors:
                found = wrong | found
            if values and look:
                start = day_or(given.get("preview_from", ""), values["anchor"])
                start = start if 2000 <= start.year < 2199 else values["anchor"]
                preview = self._previews.preview(draft_of(values, words.now), start)
        may_write = who is None or who.may(Right.ATTENDANCE_WRITE)
        holders = self._holders(pattern, who)
        return render(
            self._request,
            "pages/work_pattern.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if found else HTTPStatus.OK,
            form=pattern_form(pattern, given, wrong_days, found, words),
            kind=kind_text(pattern, words) if pattern else "",
            preview=preview_card(preview, words) if preview else None,
            codes=code_lines([one for one in codes.values() if not one.retired], (), words),
            holders=[(each, words.day(each.assignment.starts_on)) for each in holders],
            may_write=may_write,
        )

    def _holders(self, pattern: WorkPattern | None, who: Principal | None) -> tuple[Holder, ...]:
        if pattern is None or who is None or not who.may(Right.ATTENDANCE_READ):
            return ()
        return self._assignments.holders(pattern.id)
