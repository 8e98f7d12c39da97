"""The settings' section `[leave]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from hub.leave.kind_files import LeaveKindsError, load_kinds
from hub.settings_section import Section


class LeaveSettings(Section):
    """Which kinds of leave there are."""

    kinds_file: Path | None = None
    """A town's own kinds, over the shipped ones of the same code (docs/leave.md)."""

    @field_validator("kinds_file")
    @classmethod
    def _usable(cls, value: Path | None) -> Path | None:
        try:
            load_kinds(value)
        except LeaveKindsError as error:
            raise ValueError(str(error)) from error
        return value
