"""What a hub is told of feeds: the section `[feeds]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from hub.settings_section import Section


class FeedsSettings(Section):
    """Bounds of what is fetched. `hosts`: only these may be polled; empty lets every host.
    `proxy`: the proxy through which the hub reaches the world, such as `http://proxy.example:8080`.
    """

    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 10_000_000
    timeout_s: Annotated[int, Field(ge=1, le=300)] = 60
    hosts: tuple[str, ...] = ()
    proxy: str | None = None

    @field_validator("hosts")
    @classmethod
    def _bare(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("/" in host or ":" in host for host in value):
            raise ValueError("write host names alone: calendar.example.jp")
        return tuple(host.lower() for host in value)

    @field_validator("proxy")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("write scheme, host and port: http://proxy.example:8080")
        return value
