"""Reminders of divergences and of caps: to whom they belong, until they are seen to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.applications.mailer import ReminderMailer
from hub.applications.missing import MissingKind
from hub.applications.reminders import RemindersService
from hub.attendance.domain import CorrectionAction, CorrectionWish
from hub.attendance.service import AttendanceService
from hub.attendance.tables import refused_punches
from hub.catalogue import Language, Translator
from hub.notices.texts import as_text
from hub.pages.closing_pages import ClosingPages
from hub.pages.words import Words
from hub.timesheets import alert_repository as alerts
from hub.timesheets import divergence_repository as divergences
from hub.timesheets.alert_domain import AlertLevel, CapAlert
from hub.timesheets.divergence_domain import (
    Divergence,
    DivergenceKind,
    DivergenceState,
    ProbableCause,
)
from hub.timesheets.divergence_service import DivergenceService
from hub.worktime.domain import CapKind
from tests.hub.applications.conftest import office as office
from tests.hub.applications.test_reminders import MemoryMail
from wire import samples
from wire.events import PunchDirection
from wire.reasons import Reason

FRIDAY = date(2026, 4, 3)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is said does not depend on the kind."""
    return sqlite_at


def differs(office: Any, name: str) -> Divergence:
    now = office.clock.now()
    made = Divergence(
        id=office.hub.core.ids.new(),
        person_id=office.ids[name],
        work_date=FRIDAY,
        kind=DivergenceKind.PUNCH_WITHOUT_DOOR,
        minutes=45,
        state=DivergenceState.OPEN,
        stands=True,
        settled_min=0,
        reason="",
        cause=ProbableCause.NONE,
        inputs=(),
        links=(),
        found_at=now,
        changed_at=now,
    )
    office.hub.core.db.write(lambda scope: divergences.add(scope, made, "hub"))
    return made


def alert(office: Any, name: str, department: str) -> CapAlert:
    made = CapAlert(
        id=office.hub.core.ids.new(),
        person_id=office.ids[name],
        month="2026-04",
        department_id=department,
        kind=CapKind.MONTH,
        level=AlertLevel.BREACH,
        limit_min=2_700,
        minutes=2_710,
        months=1,
        raised_at=office.clock.now(),
    )
    office.hub.core.db.write(lambda scope: alerts.raise_once(scope, made))
    return made


def told(office: Any, name: str) -> list[tuple[MissingKind, str]]:
    return [(each.kind, each.link) for each in office.reminders.listed(office.who(name))]


def test_a_divergence_asks_the_person_then_the_head_then_nobody(office: Any) -> None:
    made = differs(office, "hana")
    path = f"/divergences/{made.id}"
    assert told(office, "hana") == [(MissingKind.DIVERGENCE, path)]
    assert told(office, "chief") == []
    for state in (DivergenceState.EXPLAINED, DivergenceState.INVESTIGATING):
        office.hub.core.db.write(
            lambda scope, state=state: divergences.keep(scope, replace(made, state=state))
        )
        assert told(office, "hana") == []
        assert told(office, "chief") == [(MissingKind.DIVERGENCE_WAITS, path)]
        assert told(office, "manager") == []
    office.hub.core.db.write(
        lambda scope: divergences.keep(scope, replace(made, state=DivergenceState.ACCEPTED))
    )
    assert told(office, "chief") == []


def test_a_heads_own_divergence_is_decided_by_the_head_above(office: Any) -> None:
    made = replace(differs(office, "chief"), state=DivergenceState.EXPLAINED)
    office.hub.core.db.write(lambda scope: divergences.keep(scope, made))
    assert told(office, "chief") == []
    (found,) = office.reminders.listed(office.manager)
    assert (found.kind, found.about_person_id) == (
        MissingKind.DIVERGENCE_WAITS,
        office.ids["chief"],
    )


def test_an_alert_tells_the_person_at_first_and_the_head_until_it_is_seen(office: Any) -> None:
    made = alert(office, "hana", "section")
    expected = [(MissingKind.CAP_NEAR, "/caps?month=2026-04")]
    assert told(office, "hana") == expected
    assert told(office, "chief") == expected
    office.pass_time(days=2)
    assert told(office, "hana") == []
    assert told(office, "chief") == expected
    now = office.clock.now()
    office.hub.core.db.write(lambda scope: alerts.keep_seen(scope, made.id, "person:x", now))
    assert told(office, "chief") == []


def tapped_in_vain(office: Any, name: str, at: datetime) -> None:
    """A card that can be copied, at a terminal that asks for more."""
    row = {
        "id": int(at.timestamp()),
        "person_id": office.ids[name],
        "reader_id": samples.READER,
        "controller_id": "hall000000000002",
        "reason": Reason.ASSURANCE_TOO_LOW,
        "at": at,
        "corrected_at": at,
        "trusted": True,
        "boot": "b",
        "mono_ns": 1,
        "received_at": at,
    }
    office.hub.core.db.write(lambda scope: scope.insert(refused_punches, row))


def test_a_card_that_did_not_count_is_told_until_a_punch_stands_there_or_a_week_is_over(
    office: Any,
) -> None:
    office.write_to("hana")
    early = datetime(2026, 4, 2, 23, 28, tzinfo=UTC)  # Friday, 8:28
    for seconds in (0, 5):
        tapped_in_vain(office, "hana", early + timedelta(seconds=seconds))
    link = "/my/applications/new?kind=punch&date=2026-04-03"
    assert told(office, "hana") == [(MissingKind.PUNCH_REFUSED, link)]
    assert told(office, "chief") == []
    mail = MemoryMail()
    ReminderMailer(office.hub.core, office.of(RemindersService), mail).run()
    (sent,) = mail.sent
    text = as_text(sent.said.blocks)
    assert "8:28 にかざしたカードは打刻になっていません" in text
    assert link in text
    added = CorrectionWish(
        action=CorrectionAction.ADD,
        person_id=office.ids["hana"],
        at=early,
        direction=PunchDirection.IN,
        cause="弱いカード",
    )
    office.of(AttendanceService).correct(office.personnel, added)
    assert told(office, "hana") == [], "a correction made it good"
    tapped_in_vain(office, "hana", early + timedelta(hours=9))
    assert told(office, "hana") == [(MissingKind.PUNCH_REFUSED, link)]
    office.pass_time(days=7)
    assert told(office, "hana") == []


def test_a_divergence_says_that_a_card_was_held_up_and_where_to_apply(office: Any) -> None:
    made = differs(office, "hana")
    sheets, pages = office.of(DivergenceService), office.of(ClosingPages)
    assert sheets.sheet(office.hana, made.id).held_up == ()
    at = datetime(2026, 4, 2, 23, 28, tzinfo=UTC)
    tapped_in_vain(office, "hana", at)
    tapped_in_vain(office, "chief", at + timedelta(seconds=7))
    words = Words(Translator(Language.JA), office.hub.core.settings.town.zone, at)
    page = pages.divergence(office.hana, made.id, words)
    assert "8:28" in page.held_up
    assert page.apply.endswith("kind=punch&date=2026-04-03")
    heads = pages.divergence(office.personnel, made.id, words)
    assert (heads.held_up, heads.apply) == (page.held_up, "")


def test_the_days_mail_says_both(office: Any) -> None:
    office.write_to("hana")
    differs(office, "hana")
    alert(office, "hana", "section")
    mail = MemoryMail()
    ReminderMailer(office.hub.core, office.of(RemindersService), mail).run()
    (sent,) = mail.sent
    text = as_text(sent.said.blocks)
    assert "記録に食い違いがあります" in text
    assert "時間外勤務が基準の時間に達しました" in text
    office.clock.advance(timedelta(minutes=5))
    ReminderMailer(office.hub.core, office.of(RemindersService), mail).run()
    assert len(mail.sent) == 1
