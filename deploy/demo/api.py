"""A small client of the hub's HTTP API, with nothing but the standard library.

It trusts the demo's own authority only, sends its API token, and gives JSON as it came.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.05


class ApiError(Exception):
    """The hub answered with a problem, or not at all."""

    def __init__(self, status: int, told: str) -> None:
        self.status = status
        super().__init__(f"{status}: {told}")


class WaitedTooLongError(Exception):
    """Something did not come about within its deadline; says what."""


class Api:
    """The hub at `127.0.0.1:port`. Safe to use from several threads."""

    def __init__(self, port: int, ca: Path, token: str) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(ca))
        self._token = token
        self._lock = threading.Lock()
        self._connection: http.client.HTTPSConnection | None = None

    def get(self, path: str) -> Any:
        """GET a resource."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """POST to a collection."""
        return self.call("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """PUT a resource."""
        return self.call("PUT", path, body)

    def delete(self, path: str) -> Any:
        """DELETE a resource."""
        return self.call("DELETE", path)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the hub; raise `ApiError` for anything but success."""
        sent = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with self._lock:
            status, answer = self._exchange(method, path, data, sent)
        if not 200 <= status < 300:
            raise ApiError(status, f"{method} {path}: {answer.decode(errors='replace')[:500]}")
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """End the kept connection, so that the hub need not wait for it."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Send once over the kept connection, or over a new one if that has ended."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPSConnection(
                    "127.0.0.1", self._port, timeout=_TIMEOUT_S, context=self._context
                )
            try:
                self._connection.request(method, path, body=data, headers=headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._connection = None
                if attempt == 2 or not isinstance(error, http.client.RemoteDisconnected):
                    raise ApiError(0, f"{method} {path}: {error}") from error
        raise AssertionError


def wait_until(what: str, look: Callable[[], T | None], deadline_s: float) -> T:
    """Look again and again until something is seen; raise `WaitedTooLongError` naming it."""
    end = time.monotonic() + deadline_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise WaitedTooLongError(f"{what} did not come within {deadline_s:g} s")
        time.sleep(_POLL_S)
