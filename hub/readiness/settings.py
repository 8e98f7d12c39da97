"""The settings' section `[readiness]`."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from hub.settings_section import Section

Minutes = Annotated[int, Field(ge=1, le=48 * 60)]


class ReadinessSettings(Section):
    """Deadlines, the ladder of escalation, whom to call, and what is published."""

    lead_minutes: Minutes = 60
    """So long before its effective start every door of a booking has confirmed."""
    grace_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 5
    """For a booking made later than that: so long after it was made."""
    steps_before_start_minutes: tuple[Minutes, ...] = (15,)
    """Later steps of the ladder, after the missed deadline: minutes before the start."""
    duty_emails: tuple[
        Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)], ...
    ] = ()
    """The duty person: who is written to at the second step."""
    duty_phone: Annotated[str, Field(max_length=40)] = ""
    publish_figures: bool = False
    """Whether `/figures` shows hit rate and latencies to everybody."""

    @model_validator(mode="after")
    def _descending(self) -> ReadinessSettings:
        steps = self.steps_before_start_minutes
        if any(later >= earlier for earlier, later in pairwise(steps)):
            raise ValueError("steps_before_start_minutes descend: write [30, 15]")
        return self
