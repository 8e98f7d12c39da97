"""The settings' section `[staff]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.settings_section import Section


class StaffSettings(Section):
    """What happens when somebody leaves, and how large files of staff may be."""

    block_leavers: bool = True
    """From the day after their last one the doors deny whoever is employed no more."""
    max_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    staged_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    """So long a file that was tried waits to be confirmed."""
    shrink_percent: Annotated[int, Field(ge=0, le=100)] = 30
    """Of a complete file that lacks a larger share of all staff nobody is ended unless that is
    said expressly."""
