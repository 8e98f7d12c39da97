"""The Unix socket by which `kagimori-edge` speaks to the running agent.

One JSON line in, one JSON line out. Mode 0660: whoever may read it is in the agent's group.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from edge.keybox.orders import VisitOrder
from edge.ports import ThreadSign
from edge.running_clock import running_ns
from edge.settings import SettingsError

_TIMEOUT_S: Final = 5.0
_LOOK_S: Final = 5.0
_PATIENCE_S: Final = 20.0
_BELL_S: Final = 0.5
_MAX_BYTES: Final = 2_000_000
"""A question may bring a firmware image along."""
_log = structlog.get_logger(__name__)


class Request(msgspec.Struct, frozen=True):
    """What is asked, and of what: how many rows of the journal, which door or device and for how
    long, which visit, or its lines from which number."""

    ask: str
    count: int = 20
    door: str = ""
    device: str = ""
    seconds: int = 0
    visit: VisitOrder | None = None


class RefusedError(Exception):
    """What was asked cannot be done; the text, which tells why and what to do, is the answer."""


class AgentAbsentError(Exception):
    """Nobody answers at the socket; the text says what to do."""


class ControlSocket:
    """Serves the socket in a thread; each answer is made by one of `answers`, by name."""

    def __init__(self, path: Path, answers: Mapping[str, Callable[[Request], object]]) -> None:
        self._path = path
        self._answers = answers
        self._stopping = threading.Event()
        self._listener = _listen(path)
        self._started = False
        self._thread = self._new_thread()

    def start(self) -> None:
        """Begin to answer."""
        self._started = True
        self._thread.start()

    def threads(self) -> tuple[ThreadSign, ...]:
        """The one thread. No door depends upon it."""
        if not self._started or self._stopping.is_set():
            return ()
        alive = self._thread.is_alive()
        return (ThreadSign("control", alive, self._beat_ns, _PATIENCE_S, must_live=False),)

    def revive(self) -> None:
        """Answer in a new thread, if the old one is dead."""
        if not self._thread.is_alive() and not self._stopping.is_set():
            self._thread = self._new_thread()
            self._thread.start()

    def _new_thread(self) -> threading.Thread:
        self._beat_ns = running_ns()
        return threading.Thread(target=self._run, name="control socket", daemon=True)

    def stop(self) -> None:
        """End the thread and take the socket away."""
        self._stopping.set()
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bell:
            bell.settimeout(_BELL_S)
            bell.connect(str(self._path))  # ends the wait for the next one who asks
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._beat_ns = running_ns()
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with connection:
                if self._stopping.is_set():
                    return
                connection.settimeout(_TIMEOUT_S)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.sendall(self._answer(_line(connection)) + b"\n")
        except (OSError, TimeoutError) as error:
            _log.debug("control_socket_client_gone", why=str(error))

    def _answer(self, line: bytes) -> bytes:
        try:
            request = msgspec.json.decode(line, type=Request)
            answer = self._answers[request.ask]
        except (ValueError, RecursionError, KeyError):  # no JSON, no UTF-8, nested without end
            return msgspec.json.encode({"error": f"ask for one of {', '.join(self._answers)}"})
        try:
            return msgspec.json.encode({"answer": answer(request)})
        except RefusedError as error:
            return msgspec.json.encode({"error": str(error)})
        except Exception:  # a question must never end the thread
            _log.exception("control_socket_failed", ask=request.ask)
            return msgspec.json.encode({"error": "the agent could not answer; see its log"})


def ask_agent(path: Path, request: Request) -> Any:
    """Ask the running agent; raise `AgentAbsentError` if nobody answers."""
    remedy = f"is kagimori-edge running, and are you in its group? ({path})"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(msgspec.json.encode(request) + b"\n")
            reply = msgspec.json.decode(_line(connection, limit=None))
    except (OSError, msgspec.DecodeError) as error:
        raise AgentAbsentError(f"no answer: {error}; {remedy}") from error
    if "answer" not in reply:
        raise AgentAbsentError(str(reply.get("error")))
    return reply["answer"]


def _line(connection: socket.socket, limit: int | None = _MAX_BYTES) -> bytes:
    data = bytearray()
    until_s = time.monotonic() + _TIMEOUT_S  # in all: whoever dribbles keeps nobody waiting
    while not data.endswith(b"\n"):
        connection.settimeout(max(until_s - time.monotonic(), 0.001))
        chunk = connection.recv(65_536)
        if not chunk:
            break
        data += chunk
        if limit is not None and len(data) > limit:
            raise OSError("too long a question")
    return bytes(data)


def _listen(path: Path) -> socket.socket:
    """Bind the socket; raise `SettingsError` where that cannot be."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        remedy = "Give a path of at most 100 characters in a folder the agent may write to"
        raise SettingsError(str(path), "socket", str(error), remedy) from error
    finally:
        os.umask(before)
    listener.listen(8)
    listener.settimeout(_LOOK_S)
    return listener
