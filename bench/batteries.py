"""Batteries: what a forecast costs and how good it is, what a list of 500 costs.

Forecasts of 500 devices with 400 readings each, beside the textbook's robust line (Theil and Sen,
through the same readings), which knows neither curves nor temperatures nor a range. How good they
are is measured on simulated cells (`tests/hub/batteries/cells.py`, which shares nothing with the
forecast): how often the 80 % range holds the day of death, and how far the median day is off beside
what guessing the chemistry's usual life is off by.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import sqlalchemy as sa

from bench.report import Report
from hub.batteries import repository
from hub.batteries.chemistries import chemistries
from hub.batteries.domain import ChemistryKind, Forecast, Profile, Reading
from hub.batteries.forecast import forecast
from hub.batteries.reckoning import make_forecast, reckon
from hub.batteries.service import BatteriesService
from hub.batteries.tables import battery_readings
from hub.clock import HandMovedClock, Ids
from hub.database.all_tables import all_tables
from hub.database.engine import Database, open_database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.settings import DatabaseSettings, Settings, TownSettings
from hub.sites.domain import SiteState
from hub.sites.tables import controllers, devices, sites
from hub.web.core import Core
from hub.web.rights import SYSTEM
from wire.policy_bodies import DeviceDriver

DEVICES: Final = 500
READINGS: Final = 400
LINES: Final = 25
"""Theil and Sen's line is drawn so often, and reckoned up to 500."""
LIVES: Final = 400
DAY: Final = timedelta(days=1)
NOW: Final = datetime(2026, 4, 6, tzinfo=UTC)
CELLS: Final = Path(__file__).parent.parent / "tests" / "hub" / "batteries" / "cells.py"
KINDS: Final = (ChemistryKind.ALKALINE, ChemistryKind.LITHIUM_CR)


def simulator() -> Any:
    """The simulated cells."""
    spec = spec_from_file_location("battery_cells", CELLS)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(CELLS)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def lives(cells: Any, count: int, seed: int) -> list[Any]:
    """Lives of both kinds in turn."""
    return [cells.live(seed + n, KINDS[n % 2]) for n in range(count)]


def four_hundred(life: Any) -> tuple[Reading, ...]:
    """A life's readings spread to be 400, in their order."""
    found: tuple[Reading, ...] = life.seen_at(0.8)
    return tuple(found[n * len(found) // READINGS] for n in range(READINGS))


def theil_sen(readings: tuple[Reading, ...]) -> float:
    """The median of the slopes between all pairs, in millivolts a second."""
    points = [(each.at.timestamp(), each.millivolts) for each in readings]
    slopes = [
        (b[1] - a[1]) / (b[0] - a[0])
        for i, a in enumerate(points)
        for b in points[i + 1 :]
        if b[0] > a[0]
    ]
    slopes.sort()
    return slopes[len(slopes) // 2]


def took_s(act: Callable[[], object]) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    act()
    return time.process_time() - began


def judge(report: Report, found: list[Any]) -> None:
    """How good forecasts at a random point after a fifth of a life are."""
    when = Random(1)
    said: list[tuple[Any, Forecast]] = []
    for life in found:
        made = forecast(life.seen_at(when.uniform(0.2, 0.97)), life.profile, life.new_at)
        if made.median is not None:
            said.append((life, made))
    held, widths, off, guessed = 0, [], [], []
    for life, made in said:
        if not (made.as_of and made.earliest and made.median and made.latest):
            continue
        left = max((life.dead_at - made.as_of) / DAY, 7)
        held += made.earliest <= life.dead_at <= made.latest + DAY
        widths.append((made.latest - made.earliest) / DAY / left)
        off.append(abs(made.median - life.dead_at) / DAY / left)
        usual = life.new_at + DAY * chemistries()[life.profile.chemistry].life_days
        guessed.append(abs(usual - life.dead_at) / DAY / left)
    report.line("said", len(said) / len(found), "share", "value >= 0.8")
    report.line(
        "held_by_80_percent_range", held / len(said), "share", "value >= 0.7 and value <= 0.9"
    )
    report.line("range_width", median(widths), "of life left", "value <= 1.4")
    report.line(
        "median_off",
        median(off),
        "of life left",
        "ratio <= 0.5",
        "guessing the usual life",
        median(guessed),
    )


def furnish(scope: Scope, readings: list[tuple[Reading, ...]]) -> None:
    """500 keypads at one site, with their readings."""
    written = {"created_at": NOW, "updated_at": NOW}
    names = dict.fromkeys(("name_en", "name_kana", "address", "phone", "area"), "")
    scope.insert(sites, {"id": "s", "name": "s", **names, "horizon_hours": 72, **written})
    controller = {"id": "c" * 16, "site_id": "s", "name": "c", "name_en": "", "has_rtc": True}
    state = SiteState.ACTIVE
    scope.insert(controllers, {**controller, "state": state, "settings": {}, **written})
    for number, found in enumerate(readings):
        device = f"d{number:04d}"
        row = {"id": device, "controller_id": "c" * 16, "state": state, "name": device}
        place = {"driver": DeviceDriver.VIRTUAL, "port": f"p{number}", "address": 0}
        scope.insert(devices, {**row, **place, **written})
        repository.keep_profile(scope, Profile(device, ChemistryKind.ALKALINE, 4, 4300, 86400))
        kept = {"device_id": device, "controller_id": "c" * 16, "trusted": True, "boot": "b"}
        scope.insert(
            battery_readings,
            [
                {
                    "id": number * READINGS + n,
                    "at": each.at,
                    "millivolts": each.millivolts,
                    "temperature_dc": each.temperature_dc,
                    "uses": each.uses,
                    "mono_ns": n,
                    "received_at": each.at,
                    **kept,
                }
                for n, each in enumerate(found)
            ],
        )
        reckon(scope, device)
        make_forecast(scope, device)


def plain_read(database: Database) -> None:
    """The rows of 500 states and forecasts, with nothing made of them."""
    with database.read() as scope:
        for table in ("battery_states", "battery_forecasts", "battery_profiles", "devices"):
            scope.all(sa.select(all_tables().tables[table]))


def listing(report: Report, readings: list[tuple[Reading, ...]]) -> None:
    """What the list of 500 batteries costs when every forecast is made."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/hub.db"
        engine = sa.create_engine(url)
        all_tables().create_all(engine)
        engine.dispose()
        database = open_database(url, "town")
        database.write(lambda scope: furnish(scope, readings))
        settings = Settings(
            public_url="https://doors.test",
            directory=Path(folder),
            town=TownSettings(id="town"),
            database=DatabaseSettings(url=url),
        )
        clock = HandMovedClock(NOW)
        keys = HubKeys(lambda: (_ for _ in ()).throw(LookupError), dict)
        service = BatteriesService(Core(settings, database, clock, Ids(clock), keys))
        ours = min(took_s(lambda: service.every(SYSTEM)) for _ in range(5))
        plain = min(took_s(lambda: plain_read(database)) for _ in range(5))
        report.line("list_of_500", ours * 1000, "ms", "ratio <= 4", "the same rows", plain * 1000)
        database.close()


def main() -> int:
    """Measure; 0 when every goal is met."""
    report = Report("batteries")
    found = lives(simulator(), LIVES, 500_000)
    judge(report, found)
    filled = [(four_hundred(life), life) for life in found[:100]] * (DEVICES // 100)
    ours = took_s(lambda: [forecast(each, life.profile, life.new_at) for each, life in filled])
    line = took_s(lambda: [theil_sen(each) for each, _ in filled[:LINES]]) * DEVICES / LINES
    report.line("forecasts_of_500", ours, "s", "ratio <= 1.25 and value <= 30", "Theil-Sen", line)
    listing(report, [each for each, _ in filled])
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
