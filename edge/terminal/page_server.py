"""Serves the terminal's page on 127.0.0.1 and nowhere else, from the standard library.

Four paths: the page, its files, its words, and the stream of views (server-sent events); one POST
brings a key. A page that is away or a port that is taken keeps nobody from punching.
"""

from __future__ import annotations

import json
import pwd
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import structlog

from edge.core.model import PunchChosen
from edge.ports import Emit, ThreadSign
from edge.running_clock import running_ns
from edge.settings import SettingsError
from edge.settings_terminal import Terminal
from edge.terminal.connections import Connections
from edge.terminal.requests import (
    RefusedRequestError,
    body_length,
    check_sender,
    check_token,
    choice_of,
    owner_of,
)
from edge.terminal.screen import Screen
from edge.words import Language, sentences

HOST: Final = "127.0.0.1"
_FOLDER: Final = Path(__file__).parent / "page"
_FILES: Final = {
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/sounds.js": ("sounds.js", "text/javascript; charset=utf-8"),
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SLOW_S: Final = 10.0
_REQUEST_S: Final = 3.0
_LOOK_S: Final = 0.25
_ALIVE_S: Final = 5.0
_STREAMS: Final = 3
_CONNECTIONS: Final = 16
_RETRY_S: Final = 5.0
_PATIENCE_S: Final = 15.0
_log = structlog.get_logger(__name__)


class PageServer:
    """The page, from `start` to `stop`. Threads: one that listens, one a connection."""

    def __init__(self, settings: Terminal, language: Language, screen: Screen) -> None:
        self.settings: Final = settings
        self.language: Final = language
        self.screen: Final = screen
        self.token: Final = secrets.token_urlsafe(16)
        self.uid: Final = _uid_of(settings.kiosk_user)
        self.newest_stream = 0
        self._emit: Emit | None = None
        self._server: _Server | None = None
        self.listening: Final = threading.Event()
        """Set once the port is ours."""
        self._stopping = threading.Event()
        self._thread = self._new_thread()

    def start(self, emit: Emit) -> None:
        """Begin to serve; a port that is taken is named and tried again."""
        self._emit = emit
        self._thread.start()

    def stop(self) -> None:
        """End; nobody is told anything more."""
        self._stopping.set()
        self.screen.close()
        if self._server is not None:
            self._server.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def threads(self) -> tuple[ThreadSign, ...]:
        """The one that listens. No door depends upon it, and a tap is recorded without it."""
        if self._emit is None or self._stopping.is_set():
            return ()
        alive = self._thread.is_alive()
        return (ThreadSign("page", alive, self.beat_ns, _PATIENCE_S, must_live=False),)

    def revive(self) -> None:
        """Listen in a new thread, if the old one is dead."""
        if not self._thread.is_alive() and not self._stopping.is_set():
            self._thread = self._new_thread()
            self._thread.start()

    def choose(self, body: bytes) -> None:
        """Hand a key to the loop."""
        choice = choice_of(body)
        if self._emit is not None:
            self._emit(PunchChosen(choice.direction, running_ns(), choice.answers))

    def beat(self) -> None:
        """It goes round."""
        self.beat_ns = running_ns()

    def _new_thread(self) -> threading.Thread:
        self.beat()
        return threading.Thread(target=self._run, name="terminal page", daemon=True)

    def _run(self) -> None:
        told = False
        while not self._stopping.is_set():
            self.beat()
            try:
                server = _Server(self)
            except OSError as error:
                if not told:
                    _log.error("page_not_served", port=self.settings.port, cause=error.strerror)
                told = True
                self._stopping.wait(_RETRY_S)
                continue
            self._server, told = server, False
            self.listening.set()
            with server:
                server.serve_forever(_LOOK_S)


class _Server(ThreadingHTTPServer):
    """Takes connections from this machine, so many at most."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64  # else who comes in a crowd waits a second for the kernel to ask again

    def __init__(self, page: PageServer) -> None:
        self.page = page
        self.connections: Final = Connections(_CONNECTIONS, _REQUEST_S)
        super().__init__((HOST, page.settings.port), _Handler)

    def stop(self) -> None:
        """End `serve_forever`, whether or not it has begun."""
        threading.Thread(target=self.shutdown, daemon=True).start()

    def service_actions(self) -> None:
        self.page.beat()
        self.connections.sweep(running_ns())

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Whether whoever connects may look: by the user of the socket at the other end."""
        page = self.page
        if page.uid is None:
            return True
        table = Path("/proc/self/net/tcp").read_text(encoding="ascii")
        return owner_of(table, client_address[1], page.settings.port) == page.uid

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.open(request, running_ns())
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.closed(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        _log.debug("page_connection_ended", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One connection, for one request: so that none stands idle which is asked on later."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _SLOW_S

    def version_string(self) -> str:
        return "kagimori-edge"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what is asked for is nobody's business."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, work: Callable[[], None]) -> None:
        self.close_connection = True
        try:
            check_sender(self.headers.get, self.server.page.settings.port)
            work()
        except RefusedRequestError as refused:
            self._send(refused.status, "text/plain; charset=utf-8", b"")

    def _get(self) -> None:
        page = self.server.page
        self._asked()
        if self.path == "/":
            text = (_FOLDER / "page.html").read_text(encoding="utf-8")
            text = text.replace("{token}", page.token).replace("{language}", page.language.value)
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", text.encode())
        elif self.path == "/words.json":
            words = json.dumps(sentences("terminal"), ensure_ascii=False).encode()
            self._send(HTTPStatus.OK, "application/json", words)
        elif self.path == "/views":
            self._stream()
        elif self.path in _FILES:
            name, kind = _FILES[self.path]
            self._send(HTTPStatus.OK, kind, (_FOLDER / name).read_bytes())
        else:
            raise RefusedRequestError(HTTPStatus.NOT_FOUND)

    def _post(self) -> None:
        page = self.server.page
        check_token(self.headers.get, page.token)
        if self.path != "/choose":
            raise RefusedRequestError(HTTPStatus.NOT_FOUND)
        length = body_length(self.headers.get)
        body = self.rfile.read(length)
        if len(body) < length:
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST)
        self._asked()
        page.choose(body)
        self._send(HTTPStatus.NO_CONTENT, None, b"")

    def _stream(self) -> None:
        """Send views as they come, until the page is gone or newer pages have taken its place."""
        page = self.server.page
        page.newest_stream += 1
        number = page.newest_stream
        self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        version = 0
        try:
            while page.newest_stream - number < _STREAMS:
                version, message = page.screen.after(version, _ALIVE_S)
                self.wfile.write(
                    b"data: " + message + b"\n\n" if message else b"event: alive\ndata: 0\n\n"
                )
        except (EOFError, OSError):
            return

    def _asked(self) -> None:
        self.server.connections.asked(self.connection)

    def _send(self, status: HTTPStatus, kind: str | None, body: bytes) -> None:
        headers = {} if kind is None else {"Content-Type": kind, "Content-Length": str(len(body))}
        self._head(status, headers)
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, **_HEADERS}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()


def _uid_of(user: str | None) -> int | None:
    if user is None:
        return None
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError as error:
        remedy = "Make the user, or take the key away"
        raise SettingsError("edge.toml", "terminal.kiosk_user", "unknown user", remedy) from error
