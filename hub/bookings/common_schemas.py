"""What the shapes of bookings share: texts, instants and windows, each within what makes sense."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field

from hub.bookings.windows import BookedWindow
from hub.web.fields import BodyIn, Instant
from hub.web.fields import shown as example

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "DoorIds",
    "Id",
    "Instant",
    "Minutes",
    "ShapeIn",
    "Text",
    "WindowOut",
    "example",
]

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199
"""The years in which somebody can book, as `hub.web.fields.Instant` has them."""
Text = Annotated[str, Field(max_length=120)]
Id = Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")]
"""An id as a caller names it, in a body or an address: no database takes a NUL."""
Minutes = Annotated[int, Field(ge=0, le=12 * 60)]
DoorIds = Annotated[list[Id], Field(max_length=50)]


class ShapeIn(BodyIn):
    """What all that comes in shares: a field that is not known is an error, and text is text."""


class WindowOut(BaseModel):
    """Half-open: from `starts_at`, until but not at `ends_at`."""

    model_config = example({"starts_at": "2026-04-10T09:00:00Z", "ends_at": "2026-04-10T11:00:00Z"})

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, window: BookedWindow) -> WindowOut:
        """Show a window."""
        return cls(starts_at=window.starts_at, ends_at=window.ends_at)
