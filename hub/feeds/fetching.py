"""Fetches a calendar over HTTP(S): asked conditionally, bounded, and never led astray.

What comes back is a whole answer or a `FetchFailed`; addresses and secrets stand in neither.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from hub.feeds.domain import AuthKind, FeedSecret, FetchResult
from hub.feeds.pace import retry_after_s
from hub.feeds.settings import FeedsSettings
from hub.web.outbound import address_of, is_nobodys, meant, transport

_CONNECT_S: Final = 10.0
_READ_S: Final = 20.0
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = 3
_REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
_GZIP: Final = 16 + zlib.MAX_WBITS
_AGENT: Final = "Kagimori (calendar feeds)"


class AddressError(ValueError):
    """An address that no feed may have; the message says why, without repeating it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer. `content` is None where the server said that nothing changed."""

    content: bytes | None = field(repr=False)
    charset: str | None
    etag: str
    last_modified: str
    http_status: int
    retry_after_s: int | None = None


class FetchFailed(Exception):  # noqa: N818  # what came of it, rather than a fault of ours
    """No whole answer was had."""

    def __init__(
        self,
        result: FetchResult,
        detail: str = "",
        http_status: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(result.value)
        self.result = result
        self.detail = detail
        self.http_status = http_status
        self.retry_after_s = retry_after


def check_address(url: str, auth: AuthKind, settings: FeedsSettings) -> str:
    """Raise `AddressError` for an address that cannot be polled; else give how it is shown: its
    host alone, for path and query of a private calendar are its password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError("it is no address") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError("write an http or https address")
    if parts.username is not None or parts.password is not None:
        raise AddressError("write name and password into their own fields")
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise AddressError("it holds characters that an address has not")
    if settings.hosts and host.lower() not in settings.hosts:
        raise AddressError("the hub's settings (feeds.hosts) do not allow this host")
    local = _is_local(host)
    if parts.scheme == "http" and auth is not AuthKind.NONE and not local:
        raise AddressError("a password is sent over https only")
    rest = len(parts.path) > 1 or parts.query
    at = f":{port}" if port else ""
    return f"{parts.scheme}://{host}{at}/" + ("•••" if rest else "")


def _is_local(host: str) -> bool:
    """Tell whether a host is this machine; refuse those that lead nowhere a calendar is."""
    if host == "localhost":
        return True
    address = address_of(host)
    if address is None:
        return False
    if is_nobodys(address):
        raise AddressError("no calendar is at this address")
    return meant(address).is_loopback


class CalendarClient:
    """Fetches calendars. TLS is verified against the system's authorities."""

    def __init__(self, settings: FeedsSettings) -> None:
        self._settings = settings
        self._tls: ssl.SSLContext | None = None

    def fetch(
        self,
        secret: FeedSecret,
        auth: AuthKind,
        now: datetime,
        *,
        etag: str = "",
        last_modified: str = "",
    ) -> Fetched:
        """Fetch once; raise `FetchFailed`. `etag` and `last_modified` are those of what is kept."""
        end = time.monotonic() + self._settings.timeout_s
        headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "gzip"}
        headers["User-Agent"] = _AGENT
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        if auth is AuthKind.BEARER:
            headers["Authorization"] = f"Bearer {secret.secret}"
        basic = httpx.BasicAuth(secret.user, secret.secret) if auth is AuthKind.BASIC else None
        with _named_failures(), self._client(end) as client:
            url = secret.url
            for _ in range(_REDIRECTS + 1):
                with client.stream("GET", url, headers=headers, auth=basic) as answer:
                    if answer.status_code not in _REDIRECTING:
                        return self._answer(answer, now)
                    url = _led_to(url, answer.headers.get("Location", ""))
        raise FetchFailed(FetchResult.REDIRECT_REFUSED, "too many redirects")

    def _client(self, end: float) -> httpx.Client:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        limits = httpx.Timeout(_READ_S, connect=_CONNECT_S)
        way = transport(self._tls, end=end, proxy=self._settings.proxy)
        return httpx.Client(transport=way, timeout=limits, trust_env=False)

    def _answer(self, answer: httpx.Response, now: datetime) -> Fetched:
        status = answer.status_code
        later = retry_after_s(answer.headers.get("Retry-After"), now)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise FetchFailed(FetchResult.UNAUTHORIZED, f"HTTP {status}", status, later)
        if status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            raise FetchFailed(FetchResult.HTTP_ERROR, f"HTTP {status}", status, later)
        whole = None if status == HTTPStatus.NOT_MODIFIED else self._content(answer)
        return Fetched(
            content=whole,
            charset=answer.charset_encoding,
            etag=_short(answer.headers.get("ETag"), 500),
            last_modified=_short(answer.headers.get("Last-Modified"), 100),
            http_status=status,
            retry_after_s=later,
        )

    def _content(self, answer: httpx.Response) -> bytes:
        """Read a body and unpack it, counting: a small one may unpack to a huge one."""
        packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in ("identity", "", "gzip", "x-gzip"):
            raise FetchFailed(FetchResult.UNREADABLE, f"packed as {packing[:40]}")
        unpack = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
        most, raw, found = self._settings.max_bytes, 0, bytearray()
        for chunk in answer.iter_raw(_CHUNK):
            raw += len(chunk)
            try:
                found += unpack.decompress(chunk, most + 1 - len(found)) if unpack else chunk
            except zlib.error as error:
                raise FetchFailed(FetchResult.UNREADABLE, "broken gzip") from error
            if max(raw, len(found)) > most:
                raise FetchFailed(FetchResult.TOO_LARGE, f"more than {most} bytes")
        if unpack is not None and not unpack.eof:
            raise FetchFailed(FetchResult.PARTIAL, "the gzip ends early")
        return bytes(found)


@contextmanager
def _named_failures() -> Iterator[None]:
    """Turn what the library raises into ours; its messages name addresses and stay here."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise FetchFailed(FetchResult.TIMED_OUT, type(error).__name__) from None
    except httpx.RemoteProtocolError as error:
        raise FetchFailed(FetchResult.PARTIAL, type(error).__name__) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise FetchFailed(FetchResult.UNREACHABLE, type(error).__name__) from None


def _led_to(url: str, location: str) -> str:
    """Give where a redirect leads, if it stays on the host, or goes from http to https there."""
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    same = (before.scheme, before.hostname, before.port) == (
        after.scheme,
        after.hostname,
        after.port,
    )
    safer = (
        before.scheme == "http" and after.scheme == "https" and before.hostname == after.hostname
    )
    if not location or not (same or safer) or after.username is not None:
        raise FetchFailed(FetchResult.REDIRECT_REFUSED, "it leads to another host")
    return target


def _short(value: str | None, most: int) -> str:
    """A validator that does not fit is none: the next fetch is unconditional."""
    return value if value is not None and len(value) <= most else ""
