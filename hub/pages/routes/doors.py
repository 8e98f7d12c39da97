"""A door's page, and steering it: every act has a page of its own, a reason and a confirmation, so
that a slip of the finger opens nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.commands.mode_service import ModesService
from hub.commands.service import CommandsService, UnlockOrder
from hub.door_tests.service import DoorTestsService
from hub.pages.door_pages import DoorPages
from hub.pages.frame import Speaking, go_to
from hub.pages.views.door_sheet import HOLD_MINUTES, hold_choices, lock_choices, until
from hub.pages.words import Words
from hub.web.core import core_of, provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from wire.policy_bodies import DoorMode

router = APIRouter(include_in_schema=False)
Pages = Annotated[DoorPages, provided(DoorPages)]
Commands = Annotated[CommandsService, provided(CommandsService)]
Modes = Annotated[ModesService, provided(ModesService)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]
Unlocker = Annotated[Principal, requires(Right.DOORS_UNLOCK)]
Tests = Annotated[DoorTestsService, provided(DoorTestsService)]
Tester = Annotated[Principal, requires(Right.DOORS_TEST)]
Steerer = Annotated[Principal, requires(Right.DOORS_MODE)]
CommandId = Annotated[str, Query(max_length=128)]
MANUAL = {mode.value: mode for mode in (DoorMode.HOLD_OPEN, DoorMode.LOCKED)}


@router.get("/doors/{door_id}")
def door(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    door_id: str,
    command: CommandId = "",
) -> Response:
    """The door, and what became of an unlock that was just asked for."""
    live = f"/doors/{door_id}/live" + (f"?command={command}" if command else "")
    return _door(request, "pages/door.html", words, pages, who, door_id, command, live)


@router.get("/doors/{door_id}/live")
def live_door(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    door_id: str,
    command: CommandId = "",
) -> Response:
    """The page's living part alone."""
    return _door(request, "pages/_door.html", words, pages, who, door_id, command, "")


def _door(
    request: Request,
    template: str,
    words: Words,
    pages: DoorPages,
    who: Principal,
    door_id: str,
    command: str,
    live_url: str,
) -> Response:
    sheet = pages.sheet(who, door_id, words)
    outcome = pages.outcome(who, command, words) if command else None
    return render(request, template, door=sheet, outcome=outcome, live_url=live_url)


@router.get("/doors/{door_id}/unlock")
def unlock_form(
    request: Request, words: Speaking, pages: Pages, who: Unlocker, door_id: str
) -> Response:
    """The form; its key makes one command of it, however often it is sent."""
    key = core_of(request).ids.new()
    sheet = pages.sheet(who, door_id, words)
    return render(request, "pages/unlock.html", door=sheet, key=key, reason="", error="")


@router.post("/doors/{door_id}/unlock")
def unlock(
    request: Request,
    words: Speaking,
    pages: Pages,
    commands: Commands,
    who: Unlocker,
    door_id: str,
    key: Annotated[str, Form(pattern=r"^[0-9a-f-]{36}$")],
    reason: Annotated[str, Form(max_length=200)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Send the unlock and go to the door's page, which follows it."""
    error = _not_sure(reason, sure, words)
    if not error:
        try:
            made = commands.unlock(who, UnlockOrder(door_id, reason.strip(), key))
            return go_to(f"/doors/{door_id}?command={made.id}")
        except Problem as problem:
            error = _told(problem, words)
    sheet = pages.sheet(who, door_id, words)
    return render(
        request,
        "pages/unlock.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        door=sheet,
        key=core_of(request).ids.new(),
        reason=reason,
        error=error,
    )


@router.get("/doors/{door_id}/mode")
def mode_form(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Steerer,
    door_id: str,
    mode: Annotated[str, Query(max_length=16)] = DoorMode.HOLD_OPEN.value,
) -> Response:
    """The form of holding a door open, or locking it."""
    if mode not in MANUAL:
        raise Problem(NOT_FOUND, "no such mode")
    return _mode_form(request, words, pages, who, door_id, mode)


@router.post("/doors/{door_id}/mode")
def set_mode(
    request: Request,
    words: Speaking,
    pages: Pages,
    modes: Modes,
    who: Steerer,
    door_id: str,
    mode: Annotated[str, Form(max_length=16)],
    minutes: Annotated[int, Form(ge=0, le=max(HOLD_MINUTES))] = 0,
    reason: Annotated[str, Form(max_length=200)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Order the mode, or take it away, and go back to the door."""
    wanted = MANUAL.get(mode)
    error = _not_sure(reason, sure, words) if wanted else ""
    if not error:
        try:
            modes.set_mode(who, door_id, wanted, reason.strip(), until(words.now, minutes))
            return go_to(f"/doors/{door_id}")
        except Problem as problem:
            if wanted is None:
                raise
            error = _told(problem, words)
    return _mode_form(request, words, pages, who, door_id, mode, reason, error)


def _mode_form(
    request: Request,
    words: Words,
    pages: DoorPages,
    who: Principal,
    door_id: str,
    mode: str,
    reason: str = "",
    error: str = "",
) -> Response:
    choices = hold_choices if mode == DoorMode.HOLD_OPEN else lock_choices
    return render(
        request,
        "pages/mode.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        door=pages.sheet(who, door_id, words),
        mode=mode,
        choices=choices(words.now, words),
        reason=reason,
        error=error,
    )


@router.get("/doors/{door_id}/test")
def test_form(
    request: Request, words: Speaking, pages: Pages, who: Tester, door_id: str
) -> Response:
    """The form by which somebody at the door tells of a test."""
    return _test_form(request, words, pages, who, door_id)


@router.post("/doors/{door_id}/tests")
def tell_of_test(
    request: Request,
    words: Speaking,
    pages: Pages,
    tests: Tests,
    who: Tester,
    door_id: str,
    result: Annotated[Literal["passed", "failed"], Form()],
    cause: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep the test and go back to the door."""
    passed, cause = result == "passed", cause.strip()
    if passed != bool(cause):
        tests.tell(who, door_id, passed=passed, cause=cause, note=note.strip())
        return go_to(f"/doors/{door_id}")
    error = words.t("door_test.cause_missing")
    return _test_form(request, words, pages, who, door_id, result, cause, note, error)


def _test_form(
    request: Request,
    words: Words,
    pages: DoorPages,
    who: Principal,
    door_id: str,
    result: str = "",
    cause: str = "",
    note: str = "",
    error: str = "",
) -> Response:
    return render(
        request,
        "pages/test.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        door=pages.sheet(who, door_id, words),
        result=result,
        cause=cause,
        note=note,
        error=error,
    )


def _not_sure(reason: str, sure: str, words: Words) -> str:
    if not reason.strip():
        return words.t("unlock.reason_missing")
    return "" if sure == "yes" else words.t("unlock.sure_missing")


def _told(problem: Problem, words: Words) -> str:
    """The problem's own sentence; one that concerns no form is no answer to it."""
    if problem.kind is NOT_FOUND:
        raise problem
    return words.t(f"problem.{problem.kind.code}.title")
