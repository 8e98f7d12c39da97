"""The demo's story: one line a step, whatever happens, and an honest end."""

from __future__ import annotations

import json

from deploy.demo.steps import Told, expect, tell


def test_every_step_is_told_once_in_order():
    said: list[Told] = []
    steps = [("one", lambda: {"seen": 1}), ("two", dict)]
    assert tell(steps, said.append)
    assert [(one.step, one.ok) for one in said] == [("one", True), ("two", True)]
    assert said[0].detail["seen"] == 1
    assert json.loads(said[0].as_json())["step"] == "one"


def test_after_a_failure_the_rest_is_not_reached_and_nothing_holds():
    def breaks() -> dict[str, object]:
        expect(False, "the bolt did not move")
        return {}

    said: list[Told] = []
    taken: list[str] = []
    last = ("three", lambda: taken.append("three") or {})
    assert not tell([("one", dict), ("two", breaks), last], said.append)
    assert [one.ok for one in said] == [True, False, False]
    assert "the bolt did not move" in said[1].detail["why"]
    assert said[2].detail == {"why": "not reached"}
    assert taken == []


def test_an_unexpected_error_is_a_failed_step():
    said: list[Told] = []
    assert not tell([("one", lambda: {}["missing"])], said.append)
    assert "KeyError" in said[0].detail["why"]
