"""The settings' section `[visitors]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.settings_section import Section


class VisitorsSettings(Section):
    """How long the register keeps names."""

    keep_days: Annotated[int, Field(ge=1, le=3_660)] = 90
    """So many days after a visit's end names, organisation, purpose and notes are forgotten."""
