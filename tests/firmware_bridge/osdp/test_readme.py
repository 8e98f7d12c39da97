"""The guide's examples name what exists."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import firmware_bridge.osdp

GUIDE = Path(firmware_bridge.osdp.__file__).with_name("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_every_example_is_python_and_every_import_in_it_works() -> None:
    assert len(BLOCKS) == 2
    imports = [
        node
        for block in BLOCKS
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom)
    ]
    assert len(imports) >= 5
    for node in imports:
        module = importlib.import_module(str(node.module))
        assert all(hasattr(module, alias.name) for alias in node.names)


def test_every_public_name_is_exported_once() -> None:
    names = firmware_bridge.osdp.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(firmware_bridge.osdp, name) for name in names)
