"""What surrounds every request: security headers, request id, log line, metrics, size limit.

Plain ASGI, so that streams (server-sent events) pass untouched.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.web.meters import WebMeters
from hub.web.problems import BAD_REQUEST, INTERNAL, INVALID, TOO_LARGE, Problem
from hub.web.responses import problem_response

REQUEST_ID_HEADER: Final = "X-Request-ID"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_log = structlog.get_logger("hub.web")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CACHEABLE: Final = ("/static/",)


class SecurityHeadersMiddleware:
    """Puts the security headers on every response, and `no-store` on all that may be personal:
    everything but the static files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith(_CACHEABLE):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class RequestContextMiddleware:
    """Gives the request its id, logs and counts it by its route (never by its path, which may
    hold a resident's link), and turns what nobody caught into a bare `internal` problem."""

    def __init__(
        self, app: ASGIApp, meters: WebMeters, new_id: Callable[[], str], hosts: frozenset[str]
    ) -> None:
        self._app = app
        self._meters = meters
        self._new_id = new_id
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._handle(scope, receive, noted)
            except Exception as error:
                _log.exception("request_failed", error=type(error).__name__)
                if status:
                    raise
                await problem_response(Request(scope), Problem(INTERNAL))(scope, receive, noted)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A name that is not ours may be a rebound one: it gets nothing (DNS rebinding)."""
        host = Headers(scope=scope).get("host", "").rsplit(":", 1)[0].strip("[]").lower()
        if host not in self._hosts:
            problem = Problem(BAD_REQUEST, "the Host is not this hub's public_url")
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            problem = Problem(INVALID, "an address holds no NUL")  # no text that is kept holds one
        else:
            await self._app(scope, receive, send)
            return
        await problem_response(Request(scope), problem)(scope, receive, send)

    def _request_id(self, scope: Scope) -> str:
        """Keep a caller's id if it is one, so that its log and ours can be joined."""
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        return given if _REQUEST_ID.fullmatch(given) else self._new_id()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        method = scope["method"]
        self._meters.requests.labels(method, route, str(status)).inc()
        self._meters.seconds.labels(method, route).observe(seconds)
        principal = scope.get("state", {}).get("principal")
        _log.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            actor=principal.actor if principal else None,
        )


class BodyLimitMiddleware:
    """Refuses a body that is larger than allowed, whatever its Content-Length says."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self._max_bytes:
            problem = Problem(TOO_LARGE, f"at most {self._max_bytes} bytes")
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Callable[[], Awaitable[Message]]:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, f"at most {self._max_bytes} bytes")
            return message

        return counted
