"""Where the hub connects to when it calls others: judged by address, after a name was looked up.

A name says nothing: whoever owns it lets it point to a cloud's metadata service, and `2852039166`
is 169.254.169.254 as well. So an address is looked up here, judged, and connected to as it is; the
certificate is still checked against the name. Private networks and this machine are allowed, for
that is where a town's own servers are. Through a proxy, the proxy looks names up.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from asyncio import get_running_loop
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import httpcore
import httpx

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Metadata services of clouds that lie at addresses which are otherwise somebody's."""
_THIS_NETWORK: Final = ipaddress.ip_network("0.0.0.0/8")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class AddressRefusedError(httpcore.ConnectError):
    """A name leads to an address that the hub does not connect to."""


def meant(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 one stands for, if any: mapped, 6to4, NAT64, Teredo."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_nobodys(address: Address) -> bool:
    """Tell whether nothing that a town wants called is at an address: link-local ones, where clouds
    keep their secrets, multicast, reserved ones, and 0.0.0.0, which is this machine by stealth."""
    found = meant(address)
    return not found.is_loopback and (
        found in _METADATA
        or found.is_link_local
        or found.is_multicast
        or found.is_unspecified
        or found.is_reserved
        or (found.version == 4 and found in _THIS_NETWORK)
    )


def address_of(host: str) -> Address | None:
    """Give the address that a host is, however it is written (`169.254.169.254`, `2852039166`,
    `0xa9fea9fe`, with a dot behind); None for a name."""
    plain = host.strip("[]").rstrip(".").partition("%")[0]
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    except (OSError, ValueError):
        return None


def _judged(found: Sequence[Any]) -> list[str]:
    """Give the addresses of a look-up; raise `AddressRefusedError` if any of them is nobody's."""
    hosts = list(dict.fromkeys(str(each[4][0]) for each in found))
    for host in hosts:
        address = address_of(host)
        if address is None or is_nobodys(address):
            raise AddressRefusedError("the name leads to an address that is not called")
    if not hosts:
        raise httpcore.ConnectError("the name has no address")
    return hosts


def _share(timeout: float | None, left: int) -> float | None:
    """Give what one of several addresses may take, so that a dead first one leaves time."""
    return None if timeout is None else timeout / left


class _Judging(httpcore.NetworkBackend):
    """Connects to judged addresses. `end`, by the monotonic clock: nothing waits beyond it."""

    def __init__(self, end: float) -> None:
        self._inner = httpcore.SyncBackend()
        self._end = end

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            hosts = _judged(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name is not known") from error
        for number, each in enumerate(hosts):
            limit = _left(self._end, _share(timeout, len(hosts) - number), httpcore.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(each, port, limit, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number + 1 == len(hosts):
                    raise
            else:
                return _Ending(stream, self._end)
        raise AssertionError("the last address connects or raises")


class _Ending(httpcore.NetworkStream):
    """A stream of which nothing waits beyond an end: a server that says a byte now and then would
    otherwise never run into the limit of a single read."""

    def __init__(self, inner: httpcore.NetworkStream, end: float) -> None:
        self._inner = inner
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._end, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._end, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _left(self._end, timeout, httpcore.ConnectTimeout)
        return _Ending(self._inner.start_tls(ssl_context, server_hostname, limit), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(end: float, timeout: float | None, late: Callable[[str], Exception]) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise late("it took too long altogether")
    return left if timeout is None else min(left, timeout)


class _AsyncJudging(httpcore.AsyncNetworkBackend):
    """The same on an event loop; whoever calls sets the end."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name is not known") from error
        hosts = _judged(found)
        for number, each in enumerate(hosts):
            limit = _share(timeout, len(hosts) - number)
            try:
                return await self._inner.connect_tcp(
                    each, port, limit, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number + 1 == len(hosts):
                    raise
        raise AssertionError("the last address connects or raises")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def transport(tls: ssl.SSLContext, *, end: float, proxy: str | None = None) -> httpx.HTTPTransport:
    """Give a transport for one call, over at `end` of the monotonic clock whatever the other side
    does."""
    made = httpx.HTTPTransport(verify=tls, trust_env=False, proxy=proxy)
    made._pool._network_backend = _Judging(end)  # noqa: SLF001  # the library has no other way in
    return made


def async_transport(
    tls: ssl.SSLContext, limits: httpx.Limits, *, proxy: str | None = None
) -> httpx.AsyncHTTPTransport:
    """Give a transport for an event loop."""
    made = httpx.AsyncHTTPTransport(
        verify=tls, trust_env=False, limits=limits, proxy=proxy, retries=0
    )
    made._pool._network_backend = _AsyncJudging()  # noqa: SLF001  # the same
    return made
