"""`[webhooks]`: how the hub calls others, and how much it takes from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from hub.settings_section import Section


class WebhooksSettings(Section):
    """`ca` names further authorities (PEM) that endpoints may be certified by, beside the
    machine's own; `proxy` is the HTTP proxy through which the hub reaches the outside, if any."""

    ca: Path | None = None
    proxy: str | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 15.0
    """For one attempt as a whole, from the look-up of the name to the end of the answer."""
    keep_days: Annotated[int, Field(ge=7, le=400)] = 30
    """How long deliveries and what was received can be looked at and sent again."""
    receive_max_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 256 * 1024
    receive_a_minute: Annotated[int, Field(ge=1, le=10_000)] = 300
    """So many messages are taken from one source within a minute."""

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("write http://proxy.example.jp:8080")
        return value
