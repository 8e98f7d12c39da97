import io
import json

import pytest

from bench.report import GoalError, Report, goal_met, percentile


def test_a_line_carries_the_computed_ratio_and_ok() -> None:
    out = io.StringIO()
    report = Report("osdp", out)
    assert report.line("key", 10.0, "ms", "ratio <= 0.5 and value < 11", "libosdp", 40.0)
    assert json.loads(out.getvalue()) == {
        "bench": "osdp",
        "case": "key",
        "value": 10.0,
        "unit": "ms",
        "peer": "libosdp",
        "peer_value": 40.0,
        "ratio": 0.25,
        "goal": "ratio <= 0.5 and value < 11",
        "ok": True,
    }
    assert report.exit_code == 0


def test_one_missed_goal_makes_the_exit_code_1() -> None:
    report = Report("osdp", io.StringIO())
    assert not report.line("key", 30.0, "ms", "ratio <= 0.5", "libosdp", 40.0)
    assert report.line("cpu", 1.0, "%", "value <= 5")
    assert report.exit_code == 1


@pytest.mark.parametrize("goal", ["", "fast", "ratio <= 0.5", "value <= 1 or value >= 3"])
def test_a_goal_that_cannot_be_judged_is_an_error_and_never_true(goal: str) -> None:
    with pytest.raises(GoalError):
        goal_met(goal, 1.0, None, None)


def test_percentile_is_the_nearest_rank() -> None:
    samples = [float(n) for n in range(1, 101)]
    assert [percentile(samples, p) for p in (0, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 50) == 7.0
