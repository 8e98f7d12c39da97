"""The settings' section `[applications]`."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import Field, model_validator

from hub.settings_section import Section


class ApplicationsSettings(Section):
    """When people are reminded, and of what."""

    waiting_days: Annotated[int, Field(ge=0, le=60)] = 3
    """An approver is reminded of what waits for so many days."""
    rest_days_before: Annotated[int, Field(ge=1, le=56)] = 14
    """So many days before a compensatory day expires its holder is told."""
    lapse_days_before: Annotated[
        tuple[Annotated[int, Field(ge=1, le=366)], ...], Field(max_length=5)
    ] = (60, 14)
    """So many days before leave lapses its holder is mailed; from the first on it is listed."""
    look_back_days: Annotated[int, Field(ge=1, le=92)] = 40
    """Further back than this nobody is reminded of a day."""
    digest_at: time = time(8, 30)
    """From then on, once a day, the mail goes out to those for whom something is missing."""
    digest_until: time = time(19)
    """After that it waits for the next day."""
    mails: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> ApplicationsSettings:
        if self.digest_until <= self.digest_at:
            raise ValueError("digest_until: write a later time than digest_at")
        return self
