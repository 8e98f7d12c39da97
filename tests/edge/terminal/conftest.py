"""A terminal in memory: the production loop and journal around a virtual reader and the desk, with
time in the test's hand, and the screen as a page would read it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from edge.core.model import PunchChosen
from edge.settings_terminal import Terminal
from edge.terminal.desk import Desk
from edge.terminal.screen import Screen
from edge.terminal.view import View
from tests.edge.service.conftest import CONTROLLER, LINK_KEY, Rig
from wire.events import EventKind, PunchBody, PunchDirection
from wire.policy_bodies import PunchRule, Side
from wire.sealed_names import NameKey

NAMES = NameKey.of(CONTROLLER, LINK_KEY)


class TerminalRig(Rig):
    """A rig with `[terminal]`, a reader where people choose, and a person with a card."""

    terminal: Terminal = Terminal(if_unchosen="inferred")

    def _wire(self, clock):
        parts = super()._wire(clock)
        self.screen = Screen()
        self.desk = parts.presentations.desk = Desk(
            self.terminal,
            parts.memory,
            parts.recorder,
            parts.presentations.outcomes,
            self.screen,
            NAMES.open,
        )
        return parts

    def open(self) -> None:
        super().open()
        self.desk.begin(self.loop.now())

    def staffed(self, rule: PunchRule = PunchRule.CHOSEN) -> TerminalRig:
        """The policy of a terminal, as the hub compiles it."""
        town = self.town
        other = self.town_id(60)
        self.policy(
            town.device(),
            town.reader(door=None, side=Side.TERMINAL, punch=rule, keypad=False),
            town.card(),
            town.person(name=NAMES.seal(town.person_id, "山田")),
            town.card(b"another", credential=self.town_id(61), person=other),
            town.person(other, name=NAMES.seal(other, "鈴木")),
            snapshot=True,
        )
        self.go(0.25)
        return self

    def choose(self, direction: PunchDirection, answers: int | None = None) -> None:
        self.loop.handle(PunchChosen(direction, self.time.mono, answers))

    @property
    def view(self) -> View:
        """What a page would show."""
        _, message = self.screen.after(0, 0)
        return msgspec.convert(msgspec.json.decode(message)["view"], View)

    @property
    def punches(self) -> list[PunchBody]:
        return self.bodies(EventKind.PUNCH)

    @property
    def directions(self) -> list[str]:
        return [body.direction.value for body in self.punches]


@pytest.fixture
def make_terminal(tmp_path, time, door_policy) -> Callable[..., TerminalRig]:
    made: list[TerminalRig] = []

    def make(name: str = "edge.sqlite3", **settings) -> TerminalRig:
        rig = TerminalRig.__new__(TerminalRig)
        rig.terminal = Terminal(**settings)
        TerminalRig.__init__(rig, tmp_path / name, time, door_policy)
        made.append(rig)
        return rig

    yield make
    for rig in made:
        rig.journal.journal._file.db.conn.close()


@pytest.fixture
def terminal(make_terminal) -> TerminalRig:
    """A terminal where people choose, its policy in force."""
    return make_terminal().staffed()
