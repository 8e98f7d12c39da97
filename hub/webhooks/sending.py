"""One attempt: a POST, and what came of it. The one file of webhooks that speaks HTTP.

The transport is used without a client around it: no redirect is followed, no cookie kept, no
environment read. The whole attempt has one deadline, so that a server that answers a byte a second
holds nothing up; of an answer `ANSWER_MAX` bytes are read, and the connection is let go.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from hub.clock import Clock
from hub.web.outbound import async_transport
from hub.webhooks.domain import ANSWER_MAX, Fault, Outcome, fault_of
from hub.webhooks.settings import WebhooksSettings

AGENT: Final = "Kagimori-Webhooks/1"
_LIMITS: Final = httpx.Limits(
    max_connections=128, max_keepalive_connections=16, keepalive_expiry=30
)
_RETRY_AFTER_TEXT_MAX: Final = 40


class Sender:
    """Sends bodies to addresses. Belongs to the event loop in which it is first used."""

    def __init__(self, settings: WebhooksSettings, clock: Clock) -> None:
        self._clock = clock
        self._timeout_s = settings.timeout_s
        context = ssl.create_default_context()
        if settings.ca is not None:
            context.load_verify_locations(cafile=settings.ca)
        self._transport = async_transport(context, _LIMITS, proxy=settings.proxy)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Try once; whatever goes wrong is an outcome."""
        began = time.monotonic()
        status: int | None = None
        answer, retry_after = b"", None
        fault: Fault | None
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._transport.handle_async_request(
                    self._request(url, headers, body)
                )
                status = response.status_code
                retry_after = self._retry_after_s(response.headers.get("Retry-After", ""))
                try:
                    answer = await _beginning(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # A status that came says enough, whatever happened to the answer's body.
            fault = _fault_of(error) if status is None else fault_of(status)
        else:
            fault = fault_of(status)
        latency_ms = round((time.monotonic() - began) * 1000)
        return Outcome(status, fault, latency_ms, _legible(answer), retry_after)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._transport.aclose()

    def _request(self, url: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        timeout = httpx.Timeout(self._timeout_s).as_dict()
        return httpx.Request(
            "POST",
            url,
            headers={
                "Content-Type": "application/json",
                "User-Agent": AGENT,
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                **headers,
            },
            content=body,
            extensions={"timeout": timeout},
        )

    def _retry_after_s(self, text: str) -> int | None:
        """Seconds, or a date (RFC 9110, 10.2.3); None for what is neither."""
        text = text.strip()
        if len(text) > _RETRY_AFTER_TEXT_MAX:
            return None
        if text.isascii() and text.isdigit():
            return int(text)
        try:
            at = parsedate_to_datetime(text)
            return max(0, round((at - self._clock.now()).total_seconds()))
        except (ValueError, TypeError, OverflowError):
            return None


async def _beginning(response: httpx.Response) -> bytes:
    found = b""
    async for chunk in response.aiter_raw():
        found += chunk[: ANSWER_MAX - len(found)]
        if len(found) >= ANSWER_MAX:
            break
    return found


def _legible(answer: bytes) -> str:
    """Text that every database takes and no terminal obeys."""
    text = answer.decode(errors="replace")
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)


def _fault_of(error: Exception) -> Fault:
    match error:
        case TimeoutError() | httpx.TimeoutException():
            return Fault.TIMEOUT
        case httpx.ConnectError() | ssl.SSLError():
            return Fault.TLS if _is_tls(error) else Fault.UNREACHABLE
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            return Fault.NO_HTTP
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return Fault.BROKEN_OFF
        case _:
            return Fault.UNREACHABLE


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
