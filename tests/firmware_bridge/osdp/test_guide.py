"""docs/osdp.md names tests and codes that exist."""

from __future__ import annotations

import re
from pathlib import Path

from firmware_bridge.osdp import AttackKind
from firmware_bridge.osdp.codes import CommandCode, ReplyCode

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "osdp.md").read_text(encoding="utf-8")
TESTS = "\n".join(
    file.read_text(encoding="utf-8")
    for folder in ("firmware_bridge/osdp", "fuzz", "hub/sites")
    for file in sorted((ROOT / "tests" / folder).glob("test_*.py"))
)


def test_every_test_that_the_guide_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", GUIDE))
    assert len(named) > 20
    assert {name for name in named if f"def {name}(" not in TESTS} == set()


def test_every_kind_of_attack_stands_in_the_guide() -> None:
    assert {kind.value for kind in AttackKind if f"`{kind.value}`" not in GUIDE} == set()


def test_the_codes_in_the_guide_are_ours() -> None:
    table = GUIDE[GUIDE.index("## 1.") : GUIDE.index("## 2.")]
    known = {code.name: code.value for code in (*CommandCode, *ReplyCode)}
    single = re.findall(r"\b([A-Z][A-Z_]+) (0x[0-9A-F]{2})(?!-)", table)
    assert len(single) > 15
    wrong = [
        name
        for name, code in single
        if int(code, 16) not in {known.get(name), known.get(f"{name}_I")}
    ]
    assert [name for name in wrong if name not in {"CCRYPT", "RMAC_I"}] == []
