"""The agent's process holds what it uses, no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _loaded(code: str) -> set[str]:
    return {one.split(".")[0] for one in _modules(code)}


def _modules(code: str) -> set[str]:
    code += "; import sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_the_agent_loads_no_library_that_only_terminals_a_hub_or_unused_drivers_want():
    loaded = _loaded("import edge.cli, edge.bootstrap, edge.service_manager")
    unused = {"rich", "pygments", "fastapi", "sqlalchemy", "pydantic", "smartcard", "gpiozero"}
    assert not loaded & unused


def test_what_was_hidden_can_be_imported_afterwards():
    assert "rich" in _loaded("import edge.cli, rich")


def test_what_was_postponed_is_loaded_once_it_is_used():
    assert "asyncio.base_events" not in _modules("import edge.cli, edge.bootstrap")
    used = "import edge.cli, asyncio, structlog; log = structlog.get_logger(); "
    used += "structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30)); "
    used += "asyncio.run(log.ainfo('below the level'))"
    assert "asyncio.base_events" in _modules(used)
    later = "import edge.cli, structlog; assert structlog.stdlib.asyncio.sleep"
    assert "asyncio.base_events" in _modules(later)


def test_a_process_that_has_structlog_already_is_left_alone():
    assert "rich" in _loaded("import structlog, edge.cli")


def test_what_the_start_needed_is_given_back_and_nothing_breaks():
    assert "edge" in _loaded("from edge import light_start as l; l.few_arenas(); l.give_back()")
