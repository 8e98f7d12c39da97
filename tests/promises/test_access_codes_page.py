"""The page of access codes is true: every test it names exists and runs in `make test`."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "access-codes.md"
SECTIONS = {
    "What others offer": 29,
    "What users complain of": 9,
    "What none of them has": 8,
    "Numbers": 4,
    "What a booking itself promises": 5,
}
LATER: set[str] = set()
"""Rows that say of themselves that they are not here yet."""
_ROW = re.compile(r"^\| (?!what|---)(.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def sections() -> dict[str, list[tuple[str, str, str]]]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: _ROW.findall(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


ROWS = [row for rows in sections().values() for row in rows]


@cache
def functions_of(path: str) -> dict[str, bool]:
    """The tests of a file, in classes or not, and whether each is for `make soak` only."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name: any("mark.soak" in ast.unparse(one) for one in node.decorator_list)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_row_of_every_table_stands_on_the_page() -> None:
    assert {name: len(rows) for name, rows in sections().items()} == SECTIONS
    assert len({what for what, _, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_each_test_that_is_named_exists_and_runs_in_make_test(row: tuple[str, str, str]) -> None:
    what, _, tests = row
    named = _TEST.findall(tests)
    assert bool(named) is (what not in LATER), what
    for path, name in named:
        assert functions_of(path).get(name) is False, (path, name)
