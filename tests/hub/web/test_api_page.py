"""`docs/api.md` is true: every command on it is run against a hub that listens, in order."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn

PAGE: Final = Path(__file__).parents[3] / "docs" / "api.md"
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def listening(example_town: Any) -> Iterator[str]:
    """The address of a hub that listens on this machine."""
    config = uvicorn.Config(example_town.app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < end, "the hub does not listen"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


def _blocks() -> list[str]:
    return BLOCK.findall(PAGE.read_text())


def _said(block: str) -> list[str]:
    return [line.removeprefix("# -> ") for line in block.splitlines() if line.startswith("# -> ")]


def test_every_command_on_the_page_prints_what_the_page_says(
    listening: str, example_town: Any
) -> None:
    for needed in ("bash", "curl", "jq"):
        if shutil.which(needed) is None:
            pytest.fail(f"{needed} is not installed: run deploy/dev/system-packages.sh")
    blocks = _blocks()
    assert len(blocks) >= 10
    script = "\necho ::next::\n".join(["set -euo pipefail", *blocks])
    ran = subprocess.run(
        ["bash", "-c", script],
        env={"HUB": listening, "TOKEN": example_town.token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    printed = [part.strip().splitlines() for part in ran.stdout.split("::next::\n")]
    assert printed[1:] == [_said(block) for block in blocks][: len(printed) - 1], ran.stderr
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr


def test_every_status_of_the_table_is_one_that_the_document_has(example_town: Any) -> None:
    named = {int(each) for each in re.findall(r"^\| (\d{3})", PAGE.read_text(), re.MULTILINE)}
    assert named >= {400, 401, 404, 409, 413, 422, 503}
