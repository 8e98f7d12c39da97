"""Never fail open: whatever is raised, and wherever, between a reader and its bolt, the door opens
only by an opening that the journal already holds; the rest is a denial in the journal, and the
next person is served.

The places are not listed by hand: a dry run of each presentation tells every line of ours it
executes and every call it makes, and then each of them is made to raise, one at a time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

import edge
import firmware_bridge
import wire
from edge.core.model import CardPresented, KeysPressed, Source
from tests.edge.conftest import CARD_NUMBER, DEVICE, PIN, made_id
from tests.edge.service.conftest import Rig
from tests.promises.pins_bench import (
    acknowledged,
    openings,
    quick_folder,
    rig_at,
    shut,
    soak_line,
    told_since,
)
from wire.events import AccessBody, EventKind, decode_event_body
from wire.policy_bodies import Assurance
from wire.reasons import Reason

# A generator that is thrown away runs a last call in which nothing can be raised to anybody.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

OURS = tuple(str(Path(package.__file__).parent) for package in (edge, wire, firmware_bridge))
DURESS = "704913"
MOST_DEATHS = 8
"""Lines before `Loop.handle` has begun its `try`, and those that end it."""


class Broken(Exception):
    """What nobody expects."""


@dataclass
class Fault:
    """Raises at one place of a run, the n-th time it is met; with `at` None it only writes down the
    places."""

    kind: str
    at: tuple[str, int] | None = None
    places: list[str] = field(default_factory=list)
    met: int = 0
    raised: bool = False

    def __enter__(self) -> Self:
        if self.kind == "line":
            sys.settrace(self._trace)
        else:
            sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)

    def _trace(self, frame: FrameType, event: str, _arg: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            self._meet(frame, "")
        return self._trace

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if event not in ("call", "c_call") or not frame.f_code.co_filename.startswith(OURS):
            return
        self._meet(frame, getattr(arg, "__qualname__", "") if event == "c_call" else "()")

    def _meet(self, frame: FrameType, name: str) -> None:
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}:{name}"
        self.places.append(place)
        if self.at is not None and place == self.at[0]:
            self.met += 1
            if self.met == self.at[1]:
                self.raised = True
                sys.settrace(None)
                sys.setprofile(None)
                raise Broken(place)


def _pin(rig: Rig, digits: str = PIN) -> list[object]:
    return [KeysPressed(Source(DEVICE), f"{digits}#", rig.time.mono)]


def _card(rig: Rig) -> list[object]:
    told = Assurance.READER_VERIFIED
    return [CardPresented(Source(DEVICE), "uid", CARD_NUMBER, told, rig.time.mono)]


def _wrong(rig: Rig) -> list[object]:
    return _pin(rig, "000000")


def _duress(rig: Rig) -> list[object]:
    return _pin(rig, DURESS)


def _both(rig: Rig) -> list[object]:
    return [*_card(rig), *_pin(rig, "135790")]


STIMULI = {"pin": _pin, "card": _card, "wrong": _wrong, "duress": _duress, "both": _both}


@pytest.fixture
def new_rig() -> Iterator[Callable[[str], Rig]]:
    """A rig for a stimulus, fresh whenever the test asks."""
    stack = ExitStack()
    folder, numbers = stack.enter_context(quick_folder()), count()

    def make(stimulus: str) -> Rig:
        rig = stack.enter_context(rig_at(folder / f"{next(numbers)}.sqlite3"))
        town, person = rig.town, rig.town.person_id
        rig.policy(
            town.reader(tries=20, lockout_s=60, budget_window_s=60),
            town.pin(DURESS, made_id(60), duress=True),
            town.grant(made_id(61), credential=made_id(60)),
        )
        if stimulus == "both":
            rig.policy(
                town.grant(made_id(20), person=person, needs_pin=True),
                town.pin("135790", made_id(62), person=person),
            )
        return rig

    with stack:
        yield make


def _places(rig: Rig, stimulus: str, kind: str) -> list[str]:
    """What a presentation runs through, in order; it is handled and comes to what it should."""
    for item in STIMULI[stimulus](rig):
        with Fault(kind) as fault:
            rig.loop.handle(item)
    rig.settle()
    assert (openings(rig) == 1) == (stimulus != "wrong")
    return fault.places


def _break(
    rig: Rig, stimulus: str, kind: str, at: tuple[str, int], died: Counter[str]
) -> str | None:
    """Present it with a fault at one place; give what was raised where, None where it was not
    reached. Whatever happens, the promise is checked."""
    *before, item = STIMULI[stimulus](rig)
    for one in before:
        rig.loop.handle(one)
    mark, acts = rig.journal.last_seq, openings(rig)
    try:
        with Fault(kind, at) as fault:
            rig.loop.handle(item)
    except Broken:
        died[fault.places[-1]] += 1
    if not fault.raised:
        return None
    where = fault.places[-1]
    told = told_since(rig, mark)
    bodies = [decode_event_body(one) for one in told]
    granted = [
        one.act
        for one in bodies
        if isinstance(one, AccessBody) and one.reason.outcome.value == "grant"
    ]
    moved = rig.site.acts()[len(rig.site.acts()) - (openings(rig) - acts) :]
    moved = moved if openings(rig) > acts else []
    assert all(act.act in granted for act in moved), f"moved without a grant: {where}"
    assert stimulus != "wrong" or not (granted or moved), where
    denied = [
        one.reason for one in bodies if isinstance(one, AccessBody) and one.act not in granted
    ]
    if where in died:  # the process is gone: nothing moved, and it comes again
        assert not moved or granted, where
        rig.restart(crash=True, reboot=True)
        rig.hub_time()
    elif not granted:
        least = [Reason.INTERNAL_ERROR] if not denied or stimulus != "wrong" else denied
        assert denied == least, f"no denial: {where} {denied}"
    elif not moved:
        failed = [one.kind for one in told if one.kind == EventKind.ACT_RESULT]
        assert denied or failed, f"neither opened nor told so: {where}"
    return where


def _next_is_served(rig: Rig, where: str) -> None:
    shut(rig)
    rig.parts.memory.budgets.clear()  # so many wrong PINs as are tried here would lock anybody out
    before = openings(rig)
    for item in _pin(rig):
        rig.loop.handle(item)
    rig.settle()
    assert openings(rig) == before + 1, f"the next person was not served after {where}"
    shut(rig)
    acknowledged(rig)


def _sweep(new_rig: Callable[[str], Rig], stimulus: str, kind: str, every: bool) -> tuple[int, int]:
    rig = new_rig(stimulus)
    times = Counter(_places(rig, stimulus, kind))
    wanted = [(place, nth) for place, most in times.items() for nth in range(1, most + 1)]
    if not every:
        wanted = [(place, 1) for place in times]
    assert len(times) > 100, "the dry run saw hardly anything"
    died: Counter[str] = Counter()
    broken = set()
    shut(rig)
    for at in wanted:
        if rig.journal.last_seq > 1_500:
            rig = new_rig(stimulus)
        where = _break(rig, stimulus, kind, at, died)
        if where is not None:
            broken.add(where)
            _next_is_served(rig, where)
    assert len(broken) > 0.95 * len(times), "nearly all places are met again"
    assert len(died) <= MOST_DEATHS, died
    return len(wanted), len(died)


@pytest.mark.parametrize("stimulus", ["pin", "card"])
def test_never_fail_open_at_any_line_of_the_way(new_rig, stimulus):
    _sweep(new_rig, stimulus, "line", every=False)


@pytest.mark.parametrize("stimulus", ["wrong", "duress", "both"])
def test_never_fail_open_at_any_call_of_the_way(new_rig, stimulus):
    _sweep(new_rig, stimulus, "call", every=False)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_never_fail_open_each_time_any_line_or_call_is_met(new_rig, capsys):
    faults, deaths = 0, 0
    for stimulus in STIMULI:
        for kind in ("line", "call"):
            count, died = _sweep(new_rig, stimulus, kind, every=True)
            faults, deaths = faults + count, deaths + died
    with capsys.disabled():
        print(soak_line("never fail open", faults=faults, restarts=deaths, opened_unjournaled=0))
