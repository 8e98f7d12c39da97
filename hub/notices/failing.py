"""The end of the road: no channel is left, and somebody has to telephone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.notices import repository
from hub.notices.domain import Notice, NoticeState, Why


def give_up(scope: Scope, notice: Notice, why: Why, now: datetime) -> None:
    """Mark a row as failed for good, and tell it: webhooks and the console name it."""
    failed = replace(
        notice,
        state=NoticeState.FAILED,
        why=why,
        ended_at=now,
        lease_until=None,
        needs_call=True,
    )
    repository.replace_row(scope, failed)
    subject = Subject(site_id=notice.site_id, booking_id=notice.booking_id, other_id=notice.id)
    details = {"kind": notice.kind.value, "channel": notice.channel.value, "why": why.value}
    tell(scope, now, HappeningKind.NOTICE_FAILED, subject, "no channel left", details)
