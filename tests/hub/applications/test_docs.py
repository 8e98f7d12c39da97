"""What docs/applications.md and docs/leave.md say is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from hub.applications.collisions import COLLISIONS, Part
from hub.applications.domain import Approver, State
from hub.applications.settings import ApplicationsSettings
from hub.leave.domain import LeaveKind

DOCS = Path(__file__).parents[3] / "docs"
APPLICATIONS, LEAVE = ((DOCS / f"{name}.md").read_text() for name in ("applications", "leave"))


def first_cells(text: str) -> set[str]:
    lines = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return {name for cell in lines for name in re.findall(r"`(\w+)`", cell)}


def test_the_settings_are_those_there_are_and_their_defaults() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", APPLICATIONS, re.DOTALL)
    named = tomllib.loads(block)["applications"]
    assert set(named) == set(ApplicationsSettings.model_fields)
    assert ApplicationsSettings.model_validate(named) == ApplicationsSettings()


def test_every_state_and_every_approver_is_told_of() -> None:
    assert first_cells(APPLICATIONS) == {*map(str, State), *map(str, Approver)}


def test_every_key_of_a_kind_of_leave_is_told_of() -> None:
    assert first_cells(LEAVE) == set(LeaveKind.__struct_fields__)


def test_the_table_of_contradictions_is_the_one_that_is_asked() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in APPLICATIONS.splitlines()
        if line.startswith(("| | order", *(f"| {_named(each)} |" for each in Part)))
    ]
    heads, *told = rows
    assert heads[1:] == [_named(each) for each in Part] == [row[0] for row in told]
    for mine, row in zip(Part, told, strict=True):
        for theirs, cell in zip(Part, row[1:], strict=True):
            clash = COLLISIONS.get((mine, theirs))
            assert cell == (clash.value if clash else "–"), (mine, theirs)


def _named(part: Part) -> str:
    return part.value.replace("_", " ")
