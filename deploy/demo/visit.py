"""A visit to the key box, as a clerk makes it: fetch a ticket, go there, plug the laptop in, sync.

The laptop's part is the production command line, `kagimori-edge keybox sync`, speaking to the
laptop's own agent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.demo.api import Api, wait_until
from deploy.demo.installation import Installation
from deploy.demo.key_box import KeyBoxMechanics
from deploy.demo.plan import LAPTOP
from edge.control_socket import AgentAbsentError, Request, ask_agent

_TOKYO: Final = ZoneInfo("Asia/Tokyo")
_DEADLINE_S: Final = 30.0


class VisitFailedError(Exception):
    """The visit did not come to a good end; says what the command said."""


class BoxVisits:
    """Visits the one box; safe to use from any thread, one visit at a time."""

    def __init__(self, api: Api, installation: Installation, box: KeyBoxMechanics) -> None:
        self._api = api
        self._installation = installation
        self._box = box
        self._one_at_a_time = threading.Lock()
        self.key_box = ""
        """The box's id, once the hub has given it one."""

    def first_visit(self) -> None:
        """Bring the box its secrets and the time, as soon as the laptop knows it."""
        wait_until("the laptop's agent", self._laptop_knows_the_time, _DEADLINE_S)
        report = self.visit("設置")
        if not (report["secret_installed"] and report["clock_set"]):
            raise VisitFailedError(f"the first visit left out {report['skipped']}")

    def _laptop_knows_the_time(self) -> bool:
        try:
            status = ask_agent(self._installation.edge_socket(LAPTOP), Request("status"))
        except AgentAbsentError:
            return False
        return bool(status["link_up"]) and status["clock"]["state"] != "untrusted"

    def visit(self, purpose: str) -> dict[str, Any]:
        """Fetch today's ticket and sync; give the command's report. Raises `VisitFailedError`."""
        with self._one_at_a_time:
            day = datetime.now(_TOKYO).date().isoformat()
            wanted = {"day": day, "purpose": purpose}
            ticket = self._api.post(f"/api/v1/key_boxes/{self.key_box}/tickets", wanted)
            path = self._installation.edge(LAPTOP) / "box.ticket"
            path.touch(mode=0o600)
            path.write_text(json.dumps(ticket), encoding="utf-8")
            try:
                return self._sync(str(path))
            finally:
                path.unlink()

    def _sync(self, ticket: str) -> dict[str, Any]:
        settings = str(self._installation.edge_settings(LAPTOP))
        command = ["keybox", "sync", "--port", self._box.port, "--ticket", ticket, "--json"]
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "edge.cli", *command, "--settings", settings],
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
            env=os.environ,
        )
        if done.returncode != 0:
            raise VisitFailedError(done.stderr.strip().splitlines()[-1] if done.stderr else "?")
        told: dict[str, Any] = json.loads(done.stdout)
        report: dict[str, Any] = told["report"]
        return report
