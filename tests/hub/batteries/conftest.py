"""Simulated cells, and a town whose devices tell their batteries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from hub.batteries.projector import PROJECTOR
from hub.batteries.reckoning import ForecastChore
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.projection.domain import RawRow
from hub.projection.worker import ProjectionWorker
from wire.clock import ClockState
from wire.events import BatteryBody, Event, EventBody, EventKind, Origin, encode_body, encode_event

BOOT = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"


@pytest.fixture(scope="session")
def cells() -> Any:
    """`cells.py` beside this file: no test module can be imported by its name."""
    spec = spec_from_file_location("battery_cells", Path(__file__).with_name("cells.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Told:
    """Battery events of a town's devices, and what the hub makes of them."""

    hub: Hub
    clock: HandMovedClock
    rows: list[RawRow] = field(default_factory=list)

    def tell(
        self,
        controller: str,
        device: str,
        millivolts: int,
        at: datetime,
        *,
        temperature_dc: int | None = 200,
        uses: int | None = None,
        clock: ClockState = ClockState.TRUSTED,
        shown: datetime | None = None,
        received: datetime | None = None,
        origin: Origin | None = None,
    ) -> None:
        """A reading, received a second later unless said otherwise."""
        body = BatteryBody(
            device=device, millivolts=millivolts, temperature_dc=temperature_dc, uses=uses
        )
        self.happen(EventKind.BATTERY, controller, body, at, clock, shown, received, origin)

    def happen(
        self,
        kind: EventKind,
        controller: str,
        body: EventBody,
        at: datetime,
        clock: ClockState = ClockState.TRUSTED,
        shown: datetime | None = None,
        received: datetime | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Any event; `shown` is what the edge's clock said."""
        event = Event(
            kind=kind.value,
            boot=BOOT,
            mono_ns=round((at - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() * 1e9),
            at=shown or at,
            clock=clock,
            body=encode_body(kind, body),
            origin=origin,
        )
        number = len(self.rows) + 1
        data, now = encode_event(event), received or at + timedelta(seconds=1)
        self.rows.append(RawRow(number, controller, 1, number, data, now))

    @property
    def worker(self) -> ProjectionWorker:
        """The projection of what was told."""
        return ProjectionWorker(
            self.hub.core.db,
            lambda _scope, after, limit: [row for row in self.rows if row.id > after][:limit],
            [ENTRIES, PROJECTOR],
        )

    def project(self, *, replay: bool = False) -> None:
        """Take in what was told; make the forecasts that are behind."""
        work = self.worker
        if replay:
            work.replay()
        while work.step():
            continue
        self.reckon()

    def reckon(self) -> None:
        """Do the chore until nothing is behind."""
        chore = ForecastChore()
        while self.hub.core.db.write(chore.is_due):
            self.hub.core.db.write(chore.run)


@pytest.fixture
def told(hub: Hub, clock: HandMovedClock) -> Told:
    """Nothing told yet."""
    return Told(hub, clock)


@pytest.fixture
def keypad(hub_town: Any) -> Callable[..., tuple[str, str]]:
    """`keypad(site)` gives controller and device of a new keypad at a site (None: a new one)."""

    def make(site: str | None = None) -> tuple[str, str]:
        controller = hub_town.controller(site or hub_town.site())
        reader = hub_town.reader(controller, None)
        from hub.sites import repository as sites

        with hub_town.db.read() as scope:
            found = sites.reader(scope, reader)
        assert found is not None
        return controller, found.device_id

    return make
