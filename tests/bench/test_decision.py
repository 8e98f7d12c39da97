"""The measurement of decisions still measures openings, and judges them."""

from __future__ import annotations

import io
import json

import bench.decision as measured
from bench.report import Report


def test_decisions_about_zones_are_measured_and_answered_rightly(monkeypatch) -> None:
    monkeypatch.setattr(measured, "SIZES", (10, 100))
    monkeypatch.setattr(measured, "_ROUNDS", 200)
    monkeypatch.setattr(measured, "_BATCHES", 2)
    monkeypatch.setattr(measured, "_FULL", 20)
    out = io.StringIO()
    measured.measure_zones(Report("decision", out))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["case"] for line in lines] == [
        "decide, hard zone, 10 persons",
        "decide, hard zone, 100 persons",
        "decide, full zone of 20",
    ]
    assert all(line["value"] > 0 for line in lines)


def test_openings_are_measured_beside_the_bare_insert(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measured, "_OPENINGS", 10)
    out = io.StringIO()
    measured.measure_openings(Report("decision", out))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["unit"] for line in lines] == ["ms", "ms"]
    assert all(line["value"] > 0 and line["peer_value"] > 0 for line in lines)
