"""The measurement of decisions still measures openings, and judges them."""

from __future__ import annotations

import io
import json

import bench.decision as measured
from bench.report import Report


def test_openings_are_measured_beside_the_bare_insert(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measured, "_OPENINGS", 10)
    out = io.StringIO()
    measured.measure_openings(Report("decision", out))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["unit"] for line in lines] == ["ms", "ms"]
    assert all(line["value"] > 0 and line["peer_value"] > 0 for line in lines)
