"""The firmware compiles without warnings, here and for a Cortex-M0+ without a C library."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_bridge.keybox.firmware import build

CORE = build.SOURCES / "core"
LIBGCC = re.compile(r"__(aeabi|gnu)_\w+|__clz\w+")
"""Division and the like, which the compiler brings along."""


@pytest.fixture(scope="module")
def archive() -> Path:
    """The core for Thumb."""
    return build.build("thumb")


def test_the_core_for_thumb_needs_nothing_but_itself_and_the_compiler(archive: Path) -> None:
    done = subprocess.run(
        ["arm-none-eabi-nm", "-g", archive], capture_output=True, text=True, check=True
    )
    entries = [line.split() for line in done.stdout.splitlines() if line and ":" not in line]
    defined = {entry[-1] for entry in entries if len(entry) == 3}
    wanted = {entry[-1] for entry in entries if len(entry) == 2 and entry[0] == "U"}
    assert {name for name in wanted - defined if not LIBGCC.fullmatch(name)} == set()


def test_the_core_has_no_writable_data_of_its_own(archive: Path) -> None:
    done = subprocess.run(
        ["arm-none-eabi-size", "-t", archive], capture_output=True, text=True, check=True
    )
    text, data, bss = (int(number) for number in done.stdout.splitlines()[-1].split()[:3])
    assert (data, bss) == (0, 0)
    assert text < 48 * 1024


def test_the_core_takes_no_memory_from_a_heap_and_knows_no_operating_system() -> None:
    for source in CORE.glob("*.[ch]"):
        text = source.read_text()
        includes = set(re.findall(r"#include <(\w+)\.h>", text))
        assert includes <= {"stdbool", "stddef", "stdint"}, source.name
        assert not re.search(r"\b(malloc|calloc|realloc|free)\s*\(", text), source.name


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A core of one file in place of the real one."""
    source = tmp_path / "sources" / "core" / "kb_update.c"
    source.parent.mkdir(parents=True)
    source.write_text("int kb_one(void);\nint kb_one(void) { return 1; }\n")
    monkeypatch.setattr(build, "SOURCES", tmp_path / "sources")
    return source


def test_a_build_is_made_once_where_it_was_asked_for_and_anew_for_other_sources(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(build.TARGETS, "thumb", replace(build.TARGETS["thumb"], folders=()))
    first = build.build("thumb", tmp_path / "out")
    made = first.stat().st_mtime_ns
    assert tmp_path / "out" in first.parents
    assert build.build("thumb", tmp_path / "out") == first
    assert first.stat().st_mtime_ns == made
    small.write_text(small.read_text().replace("1", "2"))
    assert build.build("thumb", tmp_path / "out") != first
    assert sorted(small.parent.iterdir()) == [small]


def test_a_warning_stops_a_build(small: Path, tmp_path: Path) -> None:
    small.write_text("int kb_one(long long given) { return given; }\n")
    with pytest.raises(build.BuildError, match="conversion"):
        build.build("thumb", tmp_path / "out")
    assert [each.name for each in (tmp_path / "out").iterdir()] == [".thumb.lock"]


def test_a_compiler_that_refuses_is_an_error_that_says_why(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = build.Target("cc", ("-fno-such-flag",), (), (), "libkeybox.a")
    monkeypatch.setitem(build.TARGETS, "odd", odd)
    with pytest.raises(build.BuildError, match="no-such-flag"):
        build.build("odd", tmp_path)
    monkeypatch.setitem(build.TARGETS, "odd", build.Target("no-such-cc", (), (), (), "x"))
    with pytest.raises(build.BuildError, match="not installed"):
        build.build("odd", tmp_path)
    assert not list(tmp_path.glob("odd-*"))
