"""What the demo's agents are told of the machine they run on."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.demo import installation


@pytest.mark.parametrize(
    ("shown", "fitted"), [(datetime(2026, 11, 26, tzinfo=UTC), True), (None, False)]
)
def test_a_battery_clock_is_claimed_only_where_the_machine_shows_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: datetime | None, fitted: bool
) -> None:
    """Elsewhere every agent would raise an alarm at the demo's first start, and rightly."""
    monkeypatch.setattr(installation, "Machine", lambda: SimpleNamespace(rtc=lambda: shown))
    made = SimpleNamespace(
        edge_settings=lambda name: tmp_path / f"{name}.toml",
        edge_socket=lambda name: tmp_path / f"{name}.sock",
        mqtt_protocol="5",
    )
    installation.write_edge_settings(made, "gym", "/dev/pts/0", 8883)
    assert tomllib.loads((tmp_path / "gym.toml").read_text())["rtc"] is fitted
