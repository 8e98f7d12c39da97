"""PINs are drawn well: from the operating system's generator alone, uniformly over what nobody
would guess first, and never again at a door within 30 days of another's end.

Confidence: the chi-square tests take fixed samples of the real generator and fail by chance once in
a million runs each.
"""

from __future__ import annotations

import ast
import random
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from fastapi.testclient import TestClient

import hub.bookings.wiring as wiring
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.bootstrap import build
from hub.clock import HandMovedClock
from hub.database.migrate import migrate
from hub.pins import draw
from hub.pins.draw import draw_pin
from hub.pins.weak import space_left, weakness
from hub.settings import DatabaseSettings, Settings
from hub.web.rights import SYSTEM, Role
from tests.promises.pins_bench import quick_folder

ROOT = Path(__file__).parents[2]
PRODUCT = ("wire", "firmware_bridge", "edge", "hub", "provisioning")
JITTER = {
    "edge/agent.py",
    "edge/uplink/mqtt.py",
    "hub/feeds/polling.py",
    "hub/link/mqtt.py",
    "hub/webhooks/post.py",
}
"""Reconnecting, greeting or asking again after a random pause needs no secret."""
ALPHA = 1e-6
SAMPLE, BINS = 40_000, 100
MONTH = timedelta(days=30)


# --- the generator -------------------------------------------------------------------------------


def _imports(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def test_pins_are_drawn_well_for_no_code_of_ours_knows_a_predictable_generator():
    """Looked up in the syntax tree of every file that runs in production."""
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    assert len(texts) > 300
    using = {
        path: ast.parse(text)
        for path, text in texts.items()
        if any(name in text for name in ("random", "numpy", "secrets"))
    }
    found = {path for path, tree in using.items() if "random" in _imports(tree)}
    assert found == JITTER
    for path in JITTER:
        used = {
            node.attr
            for node in ast.walk(using[path])
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "random"
        }
        assert used < {"random", "uniform"}, f"{path} draws more than a pause"
    assert not any("numpy" in _imports(tree) for tree in using.values())
    called = {
        node.attr
        for path, tree in using.items()
        if path.startswith(("hub/pins/", "hub/bookings/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "secrets"
    }
    assert "randbelow" in called


# --- the distribution ----------------------------------------------------------------------------


def _critical(degrees: int) -> float:
    """The chi-square that is exceeded with probability `ALPHA` (Wilson and Hilferty 1931)."""
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + NormalDist().inv_cdf(1 - ALPHA) * part**0.5) ** 3)


def _chi_square(counts: Counter[int], bins: int, total: int) -> float:
    return sum((counts[at] - total / bins) ** 2 / (total / bins) for at in range(bins))


@dataclass(frozen=True)
class Drawn:
    """Places among so many PINs, a multiple of `BINS`."""

    places: list[int]
    whole: int


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """A sample of the real generator, as places among all PINs of four digits that may be."""
    allowed = [f"{n:04d}" for n in range(10_000) if weakness(f"{n:04d}") is None]
    assert len(allowed) >= space_left(4)
    place = {digits: at for at, digits in enumerate(allowed)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(draw, "weakness", cache(weakness))  # the same answers, sooner
        drawn = [
            place[draw.draw_pin(4, secrets.randbelow, lambda _digits: False)] for _ in range(SAMPLE)
        ]
    whole = len(allowed) // BINS * BINS
    return Drawn([at for at in drawn if at < whole], whole)


def test_pins_are_drawn_well_as_often_each(drawn):
    total = len(drawn.places)
    assert total > 0.95 * SAMPLE
    low = Counter(at % BINS for at in drawn.places)
    high = Counter(at * BINS // drawn.whole for at in drawn.places)
    assert _chi_square(low, BINS, total) < _critical(BINS - 1)
    assert _chi_square(high, BINS, total) < _critical(BINS - 1)


def test_pins_are_drawn_well_and_none_follows_from_the_one_before(drawn):
    pairs = Counter(
        (before % 10) * 10 + after % 10
        for before, after in zip(drawn.places[::2], drawn.places[1::2], strict=False)
    )
    total = pairs.total()
    assert _chi_square(pairs, 100, total) < _critical(99)


def test_pins_are_drawn_well_or_the_test_would_say_so():
    """A generator that gives one code in a hundred twice as often as the others is found out."""
    counts = Counter(dict.fromkeys(range(BINS), SAMPLE // BINS))
    counts[3] *= 2
    assert _chi_square(counts, BINS, counts.total()) > _critical(BINS - 1)


@pytest.mark.parametrize("length", range(4, 11))
def test_no_weak_pin_is_drawn(length):
    for _ in range(400):
        digits = draw_pin(length, secrets.randbelow, lambda _digits: False)
        assert (len(digits), weakness(digits)) == (length, None)


# --- not again within 30 days --------------------------------------------------------------------


@dataclass(frozen=True)
class Lived:
    """Digits that opened a door for a booking: from when until when."""

    door: str
    digits: str
    booking: str
    start: datetime
    end: datetime


class Desk:
    """A hub over HTTP, at which people book, move, reissue and cancel. It draws out of few codes,
    so that it would have to give them again if it could."""

    def __init__(self, folder: Path, town: Any, chance: random.Random) -> None:
        self.chance = chance
        self.clock = HandMovedClock(datetime(2026, 4, 6, tzinfo=UTC))
        url = f"sqlite:///{folder / 'hub.db'}"
        migrate(url)
        settings = Settings(directory=town.hub, database=DatabaseSettings(url=url))
        self.hub = build(settings, clock=self.clock)
        _, token = self.hub.services.get(AccountsService).create_token(
            SYSTEM, name="desk", role=Role.ADMIN
        )
        self.client = TestClient(
            create_app(self.hub),
            base_url=self.hub.core.settings.public_url,
            headers={"Authorization": f"Bearer {token}"},
        )
        self.lived: list[Lived] = []
        self.open: dict[str, tuple[str, datetime, datetime, datetime]] = {}
        self.refused = 0
        self.doors = self._wire(town)

    def _made(self, path: str, **body: Any) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def _wire(self, town: Any) -> list[str]:
        site = self._made("sites", name="体育館")
        controller = self._made("controllers", id=town.add_controller(), site_id=site, name="玄関")
        device = self._made(
            "devices", controller_id=controller, name="盤", driver="virtual", port="site"
        )
        doors = []
        for channel in range(2):
            door = self._made(
                "doors",
                controller_id=controller,
                site_id=site,
                name=f"扉{channel}",
                strike={"device": device, "channel": channel},
            )
            self._made(
                "readers",
                device_id=device,
                door_id=door,
                name=f"鍵盤{channel}",
                channel=channel,
                keypad=True,
            )
            doors.append(door)
        return doors

    def put(self, key: str) -> None:
        """Book, or move what is booked."""
        start = self.clock.now() + timedelta(hours=self.chance.randrange(1, 24 * 40))
        end = start + timedelta(hours=self.chance.choice([1, 2, 24, 72]))
        body = {
            "doors": self.doors,
            "contact": {"name": "山田"},
            "starts_at": start.isoformat(),
            "ends_at": end.isoformat(),
        }
        answer = self.client.put(f"/api/v1/bookings/{key}", json=body)
        if answer.status_code not in (200, 201):
            self.refused += 1
            return
        self._note(key, answer.json())

    def reissue(self, key: str) -> None:
        answer = self.client.post(f"/api/v1/bookings/{key}/pin/reissue")
        if answer.status_code != 200:
            self.refused += 1
            return
        self._note(key, answer.json())

    def cancel(self, key: str) -> None:
        assert self.client.delete(f"/api/v1/bookings/{key}").status_code in (200, 204)
        self._end(key)

    def _note(self, key: str, booking: dict[str, Any]) -> None:
        """What opens for a booking from now on."""
        pin = self.client.get(f"/api/v1/bookings/{key}/pin").json()[0]["pin"]
        window = booking["effective"]
        start = datetime.fromisoformat(window["starts_at"])
        end = datetime.fromisoformat(window["ends_at"])
        self._end(key)
        self.open[key] = pin, self.clock.now(), start, end

    def _end(self, key: str) -> None:
        """What opened until now is over, if it ever began."""
        if key not in self.open:
            return
        pin, since, start, end = self.open.pop(key)
        begin, over = max(start, since), min(end, self.clock.now())
        if begin < over:
            self.lived += [Lived(door, pin, key, begin, over) for door in self.doors]

    def finish(self) -> None:
        for key in list(self.open):
            pin, since, start, end = self.open.pop(key)
            self.lived += [Lived(door, pin, key, max(start, since), end) for door in self.doors]


@pytest.fixture
def seed() -> int:
    made = random.SystemRandom().randrange(2**32)
    print(f"seed {made}")
    return made


def test_no_pin_is_used_again_at_a_door_within_thirty_days(town, monkeypatch, seed):
    chance = random.Random(seed)
    codes = [draw_pin(6, secrets.randbelow, lambda _digits: False) for _ in range(40)]
    monkeypatch.setattr(wiring.secrets, "randbelow", lambda _most: int(chance.choice(codes)))
    monkeypatch.setattr(draw, "MAX_ATTEMPTS", 300)  # of forty codes: enough to give up early
    with quick_folder() as folder:
        desk = Desk(folder, town, chance)
        keys: list[str] = []
        for number in range(110):
            act = chance.random()
            if act < 0.6 or not keys:
                keys.append(f"booking-{number}")
                desk.put(keys[-1])
            elif act < 0.75:
                desk.put(chance.choice(keys))
            elif act < 0.85 and keys[-1] in desk.open:
                desk.reissue(keys[-1])
            elif keys[-1] in desk.open:
                desk.cancel(keys.pop())
            desk.clock.advance(timedelta(hours=chance.randrange(36)))
        desk.finish()
        desk.hub.stop()
    assert len(desk.lived) > 60
    assert len({one.digits for one in desk.lived}) <= 40
    again = 0
    for one in desk.lived:
        for other in desk.lived:
            if (one.door, one.digits) != (other.door, other.digits) or one.booking == other.booking:
                continue
            again += 1
            first, second = sorted((one, other), key=lambda lived: lived.start)
            assert second.start - first.end >= MONTH, (first, second)
    assert again or desk.refused, "nothing was ever asked for again"
