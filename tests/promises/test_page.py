"""The page of promises is true: every promise stands there, and each test it names exists and runs
where it says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
PROMISED = [*range(1, 19), 21]
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`( \(long\))?")


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    promise: str
    tests: tuple[tuple[str, str, bool], ...]
    figure: str


def rows() -> Iterator[Row]:
    for number, promise, tests, figure in _ROW.findall(PAGE.read_text(encoding="utf-8")):
        named = [(path, name, bool(long)) for path, name, long in _TEST.findall(tests)]
        yield Row(int(number), promise, tuple(named), figure)


@cache
def functions(path: str) -> dict[str, bool]:
    """The tests of a file, and whether each is for `make soak` only."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    whole = any(
        "mark.soak" in ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0])
    )
    return {
        node.name: whole or any("mark.soak" in ast.unparse(one) for one in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_promise_stands_on_the_page_once() -> None:
    assert [row.number for row in rows()] == PROMISED


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row.number:02}")
def test_each_test_that_is_named_exists_and_one_runs_in_make_test(row: Row) -> None:
    assert row.tests, row.number
    for path, name, long in row.tests:
        assert functions(path).get(name) is long, (path, name)
    assert not all(long for _, _, long in row.tests)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row.number:02}")
def test_a_promise_has_a_file_of_its_number(row: Row) -> None:
    own = f"tests/promises/test_{row.number:02}_"
    assert any(path.startswith(own) for path, _, _ in row.tests), row.number


def test_no_promise_test_is_forgotten_on_the_page() -> None:
    named = {path for row in rows() for path, _, _ in row.tests}
    files = {f"tests/promises/{one.name}" for one in Path(__file__).parent.glob("test_[0-9]*.py")}
    assert {one for one in files if not one.startswith("tests/promises/test_00")} <= named
