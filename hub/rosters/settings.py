"""What a hub is told of rosters: the section `[rosters]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.settings_section import Section


class RostersSettings(Section):
    """What four weeks of a roster are held against, beside the ordinance: how many days off, how
    many minutes between two shifts (0: no rule), and how far the hours may be off. All of it is
    said and never refused."""

    days_off_min: Annotated[int, Field(ge=0, le=28)] = 8
    rest_min: Annotated[int, Field(ge=0, le=2_880)] = 660
    slack_min: Annotated[int, Field(ge=0, le=2_880)] = 60
    max_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 1024 * 1024
    """Of a roster's file."""
    staged_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    """How long a file that was tried waits for whoever confirms it."""
