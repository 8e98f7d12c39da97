"""What the hub keeps of an address: its kind, never the address itself."""

from __future__ import annotations

import ipaddress
from enum import StrEnum


class AddressKind(StrEnum):
    """From where somebody came."""

    LOCAL = "local"
    """This machine, or no network at all."""
    PRIVATE = "private"
    """The town's own network (RFC 1918, RFC 4193)."""
    PUBLIC = "public"
    UNKNOWN = "unknown"


def address_kind(host: str | None) -> AddressKind:
    """Tell the kind of an IP address in text."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return AddressKind.UNKNOWN
    if address.is_loopback:
        return AddressKind.LOCAL
    return AddressKind.PRIVATE if address.is_private else AddressKind.PUBLIC
