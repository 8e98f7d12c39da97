"""What every section of the settings shares. A topic with settings of its own has a `settings.py`
with its section, which stands on this alone and gets its line in `hub.settings.Settings`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen; a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
