"""What the routes of caps take and give: alerts, outlooks, and work beyond a cap."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.timesheets import closing_examples as examples
from hub.timesheets.alert_domain import AlertLevel
from hub.timesheets.alert_service import PersonOutlook
from hub.web.fields import BodyIn, RowOut, shown
from hub.worktime.domain import CapKind


class CapAlertOut(RowOut):
    """An alert about a cap, as it was raised; each is raised once."""

    model_config = RowOut.model_config | shown(examples.ALERT_OUT)

    id: str
    person_id: str
    month: str
    department_id: str
    kind: CapKind
    level: AlertLevel
    limit_min: int
    minutes: int = Field(description="Of `months_above`: months.")
    months: int
    raised_at: datetime
    seen_by: str | None
    seen_at: datetime | None


class OutlookOut(BaseModel):
    """What somebody's month comes to."""

    model_config = shown(examples.OUTLOOK_OUT)

    person_id: str
    department_id: str
    counted_min: int = Field(description="So far, raw, of what counts towards the month's cap.")
    limit_min: int | None
    pace_min: int | None = Field(description="At its end, at the pace so far; null too early.")
    ordered_min: int | None = Field(description="At its end, by what is ordered already.")

    @classmethod
    def of(cls, found: PersonOutlook) -> OutlookOut:
        """Show one."""
        seen = found.outlook
        return cls(
            person_id=seen.person_id,
            department_id=found.department_id,
            counted_min=seen.counted_min,
            limit_min=seen.limit_min,
            pace_min=seen.pace_min,
            ordered_min=seen.ordered_min,
        )


class SpecialWorkIn(BodyIn):
    """Why somebody worked beyond a cap."""

    model_config = shown(examples.SPECIAL_WORK_IN)

    cause: Annotated[str, Field(min_length=1, max_length=1000)]


class AnalysisIn(BodyIn):
    """What was made of it after the year."""

    model_config = shown(examples.ANALYSIS_IN)

    analysis: Annotated[str, Field(min_length=1, max_length=2000)]


class SpecialWorkOut(RowOut):
    """Work beyond a cap (特例業務), recorded with its cause."""

    model_config = RowOut.model_config | shown(examples.SPECIAL_WORK_OUT)

    id: str
    person_id: str
    month: str
    fiscal_year: int
    department_id: str
    kinds: list[CapKind]
    minutes: int
    cause: str
    recorded_by: str
    recorded_at: datetime
    analysis: str
    analysed_by: str | None
    analysed_at: datetime | None
