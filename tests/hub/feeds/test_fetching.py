"""How calendars are fetched: conditionally, bounded, and without being led astray."""

from __future__ import annotations

import gzip
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.feeds.domain import AuthKind, FeedSecret, FetchResult
from hub.feeds.fetching import AddressError, CalendarClient, FetchFailed, check_address
from hub.feeds.pace import retry_after_s, wait_s
from hub.feeds.settings import FeedsSettings

NOW = datetime(2026, 4, 6, tzinfo=UTC)


@pytest.fixture
def fetch(server: Any) -> Any:
    """Fetches from the server."""

    def fetch(url: str = "", auth: AuthKind = AuthKind.NONE, **more: Any) -> Any:
        told = FeedsSettings(**more.pop("settings", {}))
        secret = FeedSecret(url or server.url, "kagimori", "s3cret")
        return CalendarClient(told).fetch(secret, auth, NOW, **more)

    return fetch


def failed(fetch: Any, *args: Any, **more: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        fetch(*args, **more)
    return caught.value


@pytest.mark.parametrize("packed", [False, True])
def test_it_asks_only_for_what_is_new(fetch: Any, server: Any, packed: bool) -> None:
    server.content, server.is_packed = b"BEGIN:VCALENDAR" * 9, packed
    server.headers["Last-Modified"] = "Mon, 06 Apr 2026 00:00:00 GMT"
    first = fetch()
    assert (first.content, first.etag) == (server.content, server.etag)
    again = fetch(etag=first.etag, last_modified=first.last_modified)
    assert (again.content, again.http_status) == (None, 304)
    assert server.asked[1]["If-None-Match"] == first.etag
    assert server.asked[1]["If-Modified-Since"] == first.last_modified
    assert server.asked[1]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("auth", "header"), [(AuthKind.BASIC, "Basic a2FnaW1vcmk6czNjcmV0"), (AuthKind.BEARER, "Bearer s3cret"), (AuthKind.NONE, None)]  # noqa: E501  # one line a table
)  # fmt: skip
def test_it_makes_itself_known_as_it_was_told(
    fetch: Any, server: Any, auth: AuthKind, header: str | None
) -> None:
    server.content = b"x"
    fetch(auth=auth)
    assert server.asked[0].get("Authorization") == header


def test_what_is_too_large_is_not_taken_however_small_it_was_packed(
    fetch: Any, server: Any
) -> None:
    server.content = b" " * 2_000_000
    assert failed(fetch, settings={"max_bytes": 100_000}).result is FetchResult.TOO_LARGE
    server.is_packed = True
    assert len(gzip.compress(server.content)) < 100_000
    assert failed(fetch, settings={"max_bytes": 100_000}).result is FetchResult.TOO_LARGE
    assert len(fetch().content) == 2_000_000


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_ends_early_is_no_answer(fetch: Any, server: Any, packed: bool) -> None:
    server.content, server.is_packed, server.cut_at = bytes(range(256)) * 99, packed, 200
    assert failed(fetch).result is FetchResult.PARTIAL


def test_broken_or_strange_packing_is_refused(fetch: Any, server: Any) -> None:
    server.content = b"not gzip"
    for packing in ("gzip", "br"):
        server.headers["Content-Encoding"] = packing
        assert failed(fetch).result is FetchResult.UNREADABLE


@pytest.mark.parametrize(
    ("status", "result"),
    [
        *((status, FetchResult.UNAUTHORIZED) for status in (401, 403)),
        *((status, FetchResult.HTTP_ERROR) for status in (204, 206, 404, 500)),
    ],
)  # fmt: skip
def test_only_a_plain_200_or_304_is_an_answer(
    fetch: Any, server: Any, status: int, result: FetchResult
) -> None:
    server.content, server.status = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", status
    server.headers["Retry-After"] = "1200"
    found = failed(fetch)
    assert (found.result, found.http_status, found.retry_after_s) == (result, status, 1200)


def test_redirects_stay_on_the_host(fetch: Any, server: Any) -> None:
    server.content = b"x"
    here = f"http://127.0.0.1:{server.port}"
    server.moved = {"/a": "/b", "/b": f"{here}/c", "/loop": "/loop", "/nowhere": ""}
    assert fetch(f"{here}/a").content == b"x"
    server.moved["/out"] = f"http://localhost:{server.port}/c"
    server.moved["/port"] = "http://127.0.0.1:9/c"
    server.moved["/file"] = "file:///etc/passwd"
    asked = len(server.asked)
    for path in ("/out", "/port", "/file", "/loop", "/nowhere"):
        found = failed(fetch, f"{here}{path}", AuthKind.BEARER)
        assert found.result is FetchResult.REDIRECT_REFUSED
    assert [p for p in server.paths[asked:] if p == "/c"] == []


def test_nobody_there_and_nobody_who_speaks_are_told_apart(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        assert failed(fetch, f"http://127.0.0.1:{port}/").result is FetchResult.UNREACHABLE
        listening.listen()
        monkeypatch.setattr("hub.feeds.fetching._READ_S", 0.05)
        assert failed(fetch, f"http://127.0.0.1:{port}/").result is FetchResult.TIMED_OUT


def test_a_server_without_a_certificate_we_trust_is_not_spoken_to(fetch: Any, server: Any) -> None:
    found = failed(fetch, server.url.replace("http:", "https:"))
    assert found.result is FetchResult.UNREACHABLE
    assert server.asked == []


# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://y.example.jp/private-abc/basic.ics", "https://y.example.jp/•••"),
        ("https://y.example.jp:8443/?token=abc", "https://y.example.jp:8443/•••"),
        ("http://intra.example.jp/", "http://intra.example.jp/"),
    ],
)
def test_of_an_address_only_the_host_is_shown(url: str, shown: str) -> None:
    assert check_address(url, AuthKind.NONE, FeedsSettings()) == shown


@pytest.mark.parametrize(
    "url",
    [
        "ftp://y.example.jp/a", "file:///etc/passwd", "webcal://y.example.jp/a", "nonsense", "",
        "https://u:p@y.example.jp/", "https://", "http://[::1", "https://y.example.jp/\u4f53",
        "https://y.example.jp/a b", "https://y.example.jp:99999/", "http://169.254.169.254/latest",
        "http://0.0.0.0/", "http://[fe80::1]/", "https://y.example.jp/\x00",
    ],
)  # fmt: skip
def test_what_leads_to_no_calendar_is_refused(url: str) -> None:
    with pytest.raises(AddressError) as refused:
        check_address(url, AuthKind.NONE, FeedsSettings())
    assert len(url) < 8 or url not in str(refused.value)


def test_a_password_is_sent_over_https_only() -> None:
    with pytest.raises(AddressError, match="https"):
        check_address("http://intra.example.jp/a", AuthKind.BASIC, FeedsSettings())
    check_address("http://127.0.0.1:5232/a", AuthKind.BASIC, FeedsSettings())


def test_a_town_may_name_the_only_hosts() -> None:
    told = FeedsSettings(hosts=("Y.example.jp",))
    check_address("https://y.example.jp/a", AuthKind.NONE, told)
    with pytest.raises(AddressError, match=r"feeds\.hosts"):
        check_address("https://z.example.jp/a", AuthKind.NONE, told)


# --- when to ask again -----------------------------------------------------------------------


@given(
    st.integers(60, 86_400),
    st.integers(0, 10_000),
    st.none() | st.integers(0, 10**9),
    st.floats(0, 1),
)
def test_a_wait_grows_with_failures_is_bounded_and_honours_the_server(
    every_s: int, failures: int, later_s: int | None, jitter: float
) -> None:
    wait = wait_s(every_s, failures, later_s, jitter)
    assert wait >= every_s * 0.9 or wait >= 6 * 3600 * 0.9
    assert wait <= max(6 * 3600, every_s, min(later_s or 0, 86_400)) * 1.11
    assert wait_s(every_s, failures + 1, later_s, jitter) >= wait * 0.999
    if later_s is not None:
        assert wait >= min(later_s, 86_400)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("120", 120), (" 0 ", 0), ("99999999999999", 86_400), ("soon", None),
        ("-5", None), ("Mon, 06 Apr 2026 00:10:00 GMT", 600), ("Sun, 05 Apr 2026 00:10:00 GMT", 0),
        ("١٢", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date(value: str | None, seconds: int | None) -> None:
    assert retry_after_s(value, NOW) == seconds
