"""The settings' section `[csv]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from hub.settings_section import Section


class CsvSettings(Section):
    """Where files are dropped, and how large they may be."""

    folder: Path | None = None
    """Watched for files: one subfolder a profile, named as it is. None: nothing is watched."""
    max_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    staged_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    """So long an uploaded file waits between the trial run and the real one."""
