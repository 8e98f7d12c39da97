"""The attendance terminal: is its page served, may its kiosk look, is a reader there?"""

from __future__ import annotations

import http.client
import os
import pwd
from typing import Final

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.settings import Settings
from edge.settings_terminal import Terminal

_CHECK: Final = "terminal"
_SERVER: Final = "kagimori-edge"
_WAIT_S: Final = 3.0
_OF_READERS: Final = ("not_set_up", "reader_away")
"""What the agent says of the terminal that no other check does."""


def terminal(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Look at the terminal; nothing where there is none."""
    if settings.terminal is None:
        return []
    anyone = (
        [say(f"{_CHECK} user", "terminal_anyone")] if settings.terminal.kiosk_user is None else []
    )
    return [_page(settings.terminal, say), *anyone, *_readers(settings, say)]


def _page(settings: Terminal, say: Say) -> Finding:
    port, user = settings.port, settings.kiosk_user
    if user is not None and _uid_of(user) is None:
        return say(_CHECK, "terminal_user", user=user)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_S)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        ours = answer.status == http.HTTPStatus.OK and answer.headers["Server"] == _SERVER
    except ConnectionRefusedError:
        return say(_CHECK, "terminal_silent", port=port)
    except (OSError, http.client.HTTPException):
        # Whoever is not the kiosk's user is hung up on: that somebody does so is all we can see.
        ours = user is not None and _uid_of(user) != os.geteuid()
    finally:
        connection.close()
    return say(_CHECK, "terminal_ok" if ours else "terminal_taken", port=port)


def _readers(settings: Settings, say: Say) -> list[Finding]:
    try:
        notices = ask_agent(settings.socket_path, Request("terminal"))
    except AgentAbsentError:
        return []  # a check of its own says so
    found = [say(f"{_CHECK} reader", f"terminal_{one}") for one in _OF_READERS if one in notices]
    return found or [say(f"{_CHECK} reader", "terminal_reader_ok")]


def _uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
