"""Which addresses are called, who hears of what, and when an attempt is made again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.happenings.domain import HappeningKind
from hub.webhooks.domain import (
    ATTEMPTS,
    LONGEST_WAIT_S,
    PATTERNS,
    RETRY_AFTER_S,
    Endpoint,
    EndpointState,
    Fault,
    UrlRefusedError,
    check_url,
    fault_of,
    hears_of,
    is_pattern,
    wait_s,
    wants,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.jp/kagimori?key=1",
        "https://hooks.example.jp:8443/",
        "https://10.0.0.7/hook",
        "https://[2001:db8::1]/hook",
        "http://localhost:8000/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
    ],
)
def test_these_addresses_are_called(url: str) -> None:
    assert check_url(url, insecure=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.jp/",
        "http://localhost.example.jp/",
        "http://10.0.0.7/",
    ],
)
def test_plain_http_off_this_machine_wants_to_be_said(url: str) -> None:
    with pytest.raises(UrlRefusedError):
        check_url(url, insecure=False)
    assert check_url(url, insecure=True) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "ftp://example.jp/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://example.jp/",
        "//example.jp/",
        "https://user@example.jp/",
        "https://user:word@example.jp/",
        "https://example.jp@evil.example/",
        "https://example.jp/#part",
        "https://example.jp:99999/",
        "https://example.jp:port/",
        "https://ex ample.jp/",
        "https://example.jp/\r\nX-Evil: 1",
        "https://example.jp\\@evil.example/",
        "https://例え.jp/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://metadata.google.internal/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1/",
    ],
)
def test_these_addresses_are_never_called(url: str) -> None:
    with pytest.raises(UrlRefusedError):
        check_url(url, insecure=True)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused_by_name(text: str) -> None:
    try:
        assert check_url(text, insecure=True) == text
    except UrlRefusedError:
        return


def test_every_kind_is_taken_in_by_itself_its_topic_and_everything() -> None:
    for kind in HappeningKind:
        topic = f"{kind.partition('.')[0]}.*"
        assert is_pattern(kind.value)
        assert topic in PATTERNS
        for each in ("*", topic, kind.value):
            assert wants([each], kind.value)
        others = [each.value for each in HappeningKind if each is not kind]
        assert not wants(others, kind.value)
    assert not is_pattern("booking")
    assert not is_pattern("book*")
    assert not is_pattern("nobody.*")


def endpoint(state: EndpointState, sites: tuple[str, ...] | None) -> Endpoint:
    then = datetime(2026, 4, 6, tzinfo=UTC)
    return Endpoint(
        id="e",
        url="https://hooks.example.jp/",
        description="",
        kinds=("booking.*",),
        sites=sites,
        insecure=False,
        include_contact=False,
        state=state,
        failures=0,
        secret=b"sealed",
        previous_secret=None,
        previous_until=None,
        created_at=then,
        updated_at=then,
        last_success_at=None,
        last_failure_at=None,
    )


@pytest.mark.parametrize("state", list(EndpointState))
def test_it_hears_of_its_sites_and_what_is_of_none_is_the_whole_towns(state: EndpointState) -> None:
    here = endpoint(state, ("here",))
    everywhere = endpoint(state, None)
    heard = state is not EndpointState.DISABLED
    assert hears_of(here, "booking.used", "here") is heard
    assert not hears_of(here, "booking.used", "there")
    assert not hears_of(here, "booking.used", None)
    assert not hears_of(here, "pin.placed", "here")
    assert hears_of(everywhere, "booking.used", None) is heard


def test_neither_secret_shows_when_an_endpoint_is_printed() -> None:
    assert "sealed" not in repr(endpoint(EndpointState.ACTIVE, None))


@given(
    attempts=st.integers(1, ATTEMPTS - 1),
    chance=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.integers(0, 10**12),
)
def test_a_wait_is_the_planned_one_or_longer_where_it_is_asked_for(
    attempts: int, chance: float, asked: int | None
) -> None:
    waits = wait_s(attempts, chance, asked)
    assert waits is not None
    planned = RETRY_AFTER_S[attempts - 1]
    assert planned <= waits <= max(planned * 1.1 + 1, min(asked or 0, LONGEST_WAIT_S))
    assert wait_s(ATTEMPTS, chance, asked) is None


@given(st.integers(100, 999))
def test_only_2xx_is_a_success(status: int) -> None:
    assert (fault_of(status) is None) is (200 <= status < 300)
    assert (fault_of(status) is Fault.GONE) is (status == 410)
