"""The shapes of what is missing."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from hub.applications import examples
from hub.web.fields import shown


class MissingOut(BaseModel):
    """One thing that somebody has to see to, and the page that deals with it."""

    model_config = shown(examples.MISSING_OUT) | ConfigDict(from_attributes=True)

    person_id: str
    kind: str
    day: date
    until: date | None
    about_person_id: str | None
    minutes: int | None
    days: int | None = None
    link: str


class RemindersOut(BaseModel):
    """What is missing."""

    model_config = shown(examples.REMINDERS_OUT)

    items: list[MissingOut]
