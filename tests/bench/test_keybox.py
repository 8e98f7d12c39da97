"""The measurement of the key box still measures, and meets its goals: it counts, so it is exact."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import bench.keybox as measured
from bench.report import Report


def test_every_case_is_counted_and_meets_its_goal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measured, "CODES", 6)
    out = io.StringIO()
    report = Report("keybox", out)
    measured.measure(report, tmp_path)
    lines = {line["case"]: line for line in map(json.loads, out.getvalue().splitlines())}
    assert len(lines) == 13
    assert 1 < lines["cycles_an_instruction"]["value"] < 2
    assert report.exit_code == 0
    for profile in ("quarter", "hour", "hour_8", "stay"):
        counted = lines[f"pin_check_{profile}_instructions"]["value"]
        assert 50_000 < counted < 1_000_000
        assert lines[f"pin_check_{profile}"]["value"] == pytest.approx(counted * 2 / 133_000, 1e-3)
