"""One stimulus, one event: duress, an expired credential, wrong PINs again and again, tamper, a
forced door, a held door and a lost link are each told by exactly one event, the right one, however
long the cause lasts and whatever else goes on."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from edge.core.model import TamperChanged
from tests.edge.conftest import BEGIN, CONTACT, DEVICE, PIN, REX, made_id
from tests.edge.service.conftest import HandHub, Rig
from tests.edge.test_agent_osdp import _kinds, board  # noqa: F401  a board and its agent
from tests.promises.pins_bench import acknowledged, quick_folder, rig_at, soak_line, told_since
from wire.events import EventKind, decode_event_body
from wire.policy_bodies import Assurance
from wire.reasons import Reason

DURESS = "704913"
AFTER_S = 900
"""How long is waited for a second event that must not come."""
PATIENCE_S = 20.0
SOAK_DOORS, ROUNDS_A_DOOR = 75, 20
ALARMING = {
    EventKind.ACCESS_DURESS,
    EventKind.PIN_LOCKOUT,
    EventKind.TAMPER,
    EventKind.TAMPER_CLEARED,
    EventKind.DOOR_FORCED,
    EventKind.DOOR_HELD,
    EventKind.LINK_LOST,
    EventKind.SECURITY_ALARM,
    EventKind.DEVICE_OFFLINE,
    EventKind.ACCESS_GRANTED,
    EventKind.ACCESS_DENIED,
    EventKind.JOURNAL_FAILED,
}
"""All that may be mistaken for one of the seven."""


@dataclass
class Scene:
    """A door, its hub, and what was done to it."""

    rig: Rig
    hub: HandHub


@pytest.fixture
def scene() -> Iterator[Scene]:
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        yield _set(rig)


def _set(rig: Rig) -> Scene:
    town = rig.town
    rig.policy(
        town.door(held_after_ms=20_000),
        town.reader(assurance=Assurance.READER_VERIFIED),
        town.pin(DURESS, made_id(60), duress=True),
        town.grant(made_id(61), credential=made_id(60)),
        town.pin("361908", made_id(62)),
        town.grant(made_id(63), credential=made_id(62), end=BEGIN - timedelta(seconds=1)),
        town.pin(PIN, made_id(64)),
        town.grant(made_id(65), credential=made_id(64)),
    )
    return Scene(rig, HandHub(rig))


def _duress(scene: Scene) -> None:
    scene.rig.press(f"{DURESS}#")


def _expired(scene: Scene) -> None:
    scene.rig.press("361908#")


def _wrong_pins(scene: Scene) -> None:
    for _ in range(5):
        scene.rig.press("000000#")


def _tamper(scene: Scene) -> None:
    scene.rig.loop.handle(TamperChanged(DEVICE, True, scene.rig.time.mono))


def _forced(scene: Scene) -> None:
    scene.rig.set_input(CONTACT, True)
    scene.rig.set_input(CONTACT, False)


def _held(scene: Scene) -> None:
    scene.rig.set_input(REX, True)
    scene.rig.set_input(REX, False)
    scene.rig.set_input(CONTACT, True)


def _link_loss(scene: Scene) -> None:
    scene.hub.welcome()
    scene.rig.disconnect()
    scene.rig.disconnect()


EXPECTED: dict[str, tuple[Callable[[Scene], None], dict[EventKind, int]]] = {
    "duress": (_duress, {EventKind.ACCESS_DURESS: 1}),
    "expired": (_expired, {EventKind.ACCESS_DENIED: 1}),
    "wrong pins": (_wrong_pins, {EventKind.ACCESS_DENIED: 5, EventKind.PIN_LOCKOUT: 1}),
    "tamper": (_tamper, {EventKind.TAMPER: 1}),
    "forced": (_forced, {EventKind.DOOR_FORCED: 1}),
    "held": (_held, {EventKind.ACCESS_GRANTED: 1, EventKind.DOOR_HELD: 1}),
    "link loss": (_link_loss, {EventKind.LINK_LOST: 1}),
}


def _told(rig: Rig, mark: int) -> dict[EventKind, int]:
    """What was told since, of the kinds that matter."""
    kinds = (EventKind(event.kind) for event in told_since(rig, mark))
    return dict(Counter(kind for kind in kinds if kind in ALARMING))


@pytest.mark.parametrize("stimulus", EXPECTED)
def test_one_stimulus_one_event(scene, stimulus):
    rig = scene.rig
    act, expected = EXPECTED[stimulus]
    mark = rig.journal.last_seq
    act(scene)
    rig.go(30)
    rig.go(AFTER_S, step_s=5)
    assert _told(rig, mark) == expected


def test_one_stimulus_one_event_that_says_what_it_was(scene):
    rig = scene.rig
    _duress(scene)
    assert rig.last(EventKind.ACCESS_DURESS).reason is Reason.DURESS_PIN
    rig.go(6)
    _wrong_pins(scene)
    assert [body.reason for body in rig.bodies(EventKind.ACCESS_DENIED)] == [Reason.UNKNOWN_PIN] * 5
    rig.press(f"{PIN}#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.THROTTLED
    assert len(rig.bodies(EventKind.PIN_LOCKOUT)) == 1, "a refusal is no second lockout"
    rig.go(600, step_s=5)
    _expired(scene)
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.EXPIRED


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "did not come to hold"
        time.sleep(0.02)


@pytest.mark.parametrize("closed_while_away", [False, True])
def test_one_tamper_switch_one_event_over_the_bus(board, closed_while_away):  # noqa: F811
    """Told by a board on its line, asked again and again, and away in between; also where the case
    was closed while it was away."""
    line, agent, _ = board
    line.set_local(1, tamper=True)
    _until(lambda: "tamper" in _kinds(agent))
    line.set_mute(1, True)
    _until(lambda: agent.status().devices[0].online is False)
    if closed_while_away:
        line.set_local(1, tamper=False)
    line.set_mute(1, False)
    _until(lambda: bool(agent.status().devices[0].online))
    if not closed_while_away:
        line.set_local(1, tamper=False)
    _until(lambda: "tamper_cleared" in _kinds(agent))
    kinds = Counter(_kinds(agent))
    assert (kinds["tamper"], kinds["tamper_cleared"]) == (1, 1)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_one_stimulus_one_event_in_any_order(capsys):
    """All kinds after one another, in a random order, with good PINs and cards between them."""
    seed = random.SystemRandom().randrange(2**32)
    chance, counts = random.Random(seed), Counter()
    with quick_folder() as folder:
        for door in range(SOAK_DOORS):
            with rig_at(folder / f"{door}.sqlite3") as rig:
                scene = _set(rig)
                for _ in range(ROUNDS_A_DOOR):
                    stimulus = chance.choice(list(EXPECTED))
                    act, expected = EXPECTED[stimulus]
                    mark = rig.journal.last_seq
                    act(scene)
                    rig.go(45, step_s=1)
                    assert _told(rig, mark) == expected, f"{stimulus}, seed {seed}"
                    counts[stimulus] += 1
                    _rest(scene, chance)
    with capsys.disabled():
        print(soak_line("one stimulus one event", seed=seed, wrong=0, **counts))


def _rest(scene: Scene, chance: random.Random) -> None:
    """Everything is as it was, and somebody comes in."""
    rig = scene.rig
    rig.set_input(CONTACT, False)
    rig.loop.handle(TamperChanged(DEVICE, False, rig.time.mono))
    rig.go(7_200, step_s=120)
    if chance.random() < 0.5:
        mark = rig.journal.last_seq
        rig.tap(assurance=Assurance.READER_VERIFIED)
        rig.go(10, step_s=1)
        kinds = [event.kind for event in told_since(rig, mark)]
        assert kinds.count(EventKind.ACCESS_GRANTED) == 1
        assert all(decode_event_body(event) is not None for event in told_since(rig, mark))
    acknowledged(rig)
