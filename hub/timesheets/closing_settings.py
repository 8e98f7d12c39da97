"""How a town closes its months: the section `[closing]` of the settings."""

from __future__ import annotations

from hub.settings_section import Section


class ClosingSettings(Section):
    """`people_sign`: each person signs their month before it is closed; `heads_sign`: a head does.
    `by_last_day`: a month with a transfer belongs to the department of its last day, else of its
    first."""

    people_sign: bool = True
    heads_sign: bool = True
    by_last_day: bool = True
