"""What a hub is told of timesheets: the section `[timesheets]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from hub.settings_section import Section


class TimesheetsSettings(Section):
    """`ordinances`: a folder with the town's own ordinances; without it the shipped one holds.
    `begins`: the first month whose punches are complete, such as `2026-04`; the caps of a year
    judge no month before. Without it, the month of the first punch."""

    ordinances: Path | None = None
    begins: Annotated[str, Field(pattern=r"^(2[01][0-9]{2}-(0[1-9]|1[0-2]))?$")] = ""
