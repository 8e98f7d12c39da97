"""What is missing, and the mail that says so: once a day, never in the quiet hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from hub.applications import digests
from hub.applications.bodies import ApplicationKind, SpanBody, SwapBody, WorkBody
from hub.applications.deciding import Verdict
from hub.applications.mailer import ReminderMailer
from hub.applications.missing import Missing, MissingKind
from hub.applications.neighbours import Neighbours
from hub.applications.reminders import RemindersService, in_order
from hub.catalogue import Language, Translator
from hub.notices.carrier import Outgoing
from hub.notices.domain import Channel, NoticeState, Outcome, Sent, email_address
from hub.notices.texts import as_text

K, M = ApplicationKind, MissingKind
MONDAY = date(2026, 4, 6)


@dataclass
class MemoryMail:
    """Keeps what it is given, and answers as it is told to."""

    channel: Channel = Channel.EMAIL
    sent: list[Outgoing] = field(default_factory=list)
    answers: list[Sent] = field(default_factory=list)

    def address(self, text: str) -> str | None:
        return email_address(text)

    def send(self, message: Outgoing) -> Sent:
        answer = self.answers.pop(0) if self.answers else Sent(Outcome.SENT)
        if answer.outcome is Outcome.SENT:
            self.sent.append(message)
        return answer

    def close(self) -> None:
        return


@pytest.fixture
def mail() -> MemoryMail:
    return MemoryMail()


@pytest.fixture
def mailer(office: Any, mail: MemoryMail) -> ReminderMailer:
    """With an address for the chief and for Hana."""
    for name, language in (("chief", "ja"), ("hana", "en")):
        office.write_to(name, language)
    core = office.hub.core
    return ReminderMailer(core, office.of(RemindersService), mail)


def kinds(office: Any, who: Any) -> list[MissingKind]:
    return [each.kind for each in office.reminders.listed(who)]


def test_an_approver_is_reminded_of_what_has_waited_for_days(office: Any) -> None:
    office.overtime()
    assert kinds(office, office.chief) == []
    office.pass_time(days=3)
    (found,) = office.reminders.listed(office.chief)
    assert (found.kind, found.about_person_id) == (M.APPROVAL_WAITS, office.ids["hana"])
    assert kinds(office, office.hana) == []
    assert kinds(office, office.manager) == []


def test_what_was_returned_is_missing_until_it_is_handed_in_or_withdrawn(office: Any) -> None:
    found = office.overtime()
    office.decide(office.chief, found, Verdict.RETURN, "時刻")
    assert kinds(office, office.hana) == [M.RETURNED]
    office.applications.withdraw(office.hana, found.id)
    assert kinds(office, office.hana) == []


def test_a_compensatory_day_is_reminded_of_near_its_end_until_it_is_applied_for(
    office: Any,
) -> None:
    holiday = date(2026, 4, 29)
    body = WorkBody(
        work_date=holiday, spans=(SpanBody(510, 1_035),), rest_later=True, reason="式典"
    )
    office.decide(office.chief, office.apply(body, K.HOLIDAY_WORK))
    last = holiday + timedelta(days=56)
    office.clock.advance(timedelta(days=(last - MONDAY).days - 15))
    assert kinds(office, office.hana) == []
    office.pass_time(days=1)
    (found,) = office.reminders.listed(office.hana)
    assert (found.kind, found.until) == (M.REST_EXPIRES, last)
    assert "kind=compensatory" in found.link
    rest = SwapBody(worked_date=holiday, off_date=date(2026, 6, 22), reason="代休")
    office.apply(rest, K.COMPENSATORY)
    assert kinds(office, office.hana) == []


def test_leave_that_will_lapse_is_listed_near_its_years_end_and_mailed_on_few_days(
    office: Any, mailer: ReminderMailer, mail: MemoryMail
) -> None:
    """Of 25 days 20 are carried over: 5 are lost on 31 December."""
    office.grant(50)
    last, mailed = date(2026, 12, 31), []
    left = (last - MONDAY).days
    for then in (61, 60, 59, 15, 14, 13, 0):
        office.pass_time(days=left - then)
        left = then
        listed = [(e.kind, e.days, e.until) for e in office.reminders.listed(office.hana)]
        assert listed == ([] if then > 60 else [(M.LEAVE_LAPSES, 5, last)])
        mailer.run()
        mailed += [then for _ in mail.sent]
        mail.sent.clear()
    assert mailed == [60, 14]
    office.pass_time(days=1)
    assert kinds(office, office.hana) == []


def test_a_digest_goes_out_once_a_day_in_its_hours_to_each_in_their_language(
    office: Any, mailer: ReminderMailer, mail: MemoryMail
) -> None:
    found = office.overtime()
    office.decide(office.chief, office.overtime(date(2026, 4, 7)), Verdict.RETURN, "時刻")
    office.pass_time(days=3, hours=-2)  # Thursday, seven in the morning
    mailer.run()
    assert mail.sent == []
    office.pass_time(hours=1, minutes=30)
    mailer.run()
    mailer.run()
    texts = {each.to: each.said.subject for each in mail.sent}
    assert texts == {
        "chief@example.jp": Translator(Language.JA)("missing.subject", count=1),
        "hana@example.jp": Translator(Language.EN)("missing.subject", count=1),
    }
    told = as_text([*mail.sent[0].said.blocks, *mail.sent[1].said.blocks])
    assert f"https://doors.test/my/applications/{found.id}" in told
    office.pass_time(hours=3)
    office.overtime(date(2026, 4, 10))
    mailer.run()
    assert len(mail.sent) == 2
    office.pass_time(days=1)
    mailer.run()
    assert len(mail.sent) == 4


def test_what_is_settled_before_it_is_sent_is_not_mailed(
    office: Any, mailer: ReminderMailer, mail: MemoryMail
) -> None:
    found = office.overtime()
    office.pass_time(days=3)
    mail.answers = [Sent(Outcome.DEFERRED)]
    mailer.run()
    office.decide(office.chief, found)
    office.pass_time(minutes=5)
    mailer.run()
    assert mail.sent == []
    with office.hub.core.db.read() as scope:
        assert [each.state for each in digests.listed(scope)] == [NoticeState.DROPPED]


def test_a_server_that_is_down_is_tried_again_and_nothing_after_the_evening(
    office: Any, mailer: ReminderMailer, mail: MemoryMail
) -> None:
    office.overtime()
    office.pass_time(days=3)
    mail.answers = [Sent(Outcome.DOWN)]
    mailer.run()
    office.pass_time(minutes=5)
    mailer.run()
    assert len(mail.sent) == 1
    office.pass_time(days=1)
    mail.answers = [Sent(Outcome.DEFERRED)]
    mailer.run()
    office.pass_time(hours=11)
    mailer.run()
    assert len(mail.sent) == 1


def test_a_source_of_another_topic_is_asked_too(office: Any) -> None:
    class Punches:
        def missing(self, scope: Any, person_ids: Any, today: date) -> list[Missing]:
            hana = office.ids["hana"]
            return [Missing(hana, M.MISSING_OUT, today, "/attendance", minutes=0)]

    office.of(Neighbours).missing.append(Punches())
    assert kinds(office, office.hana) == [M.MISSING_OUT]
    everybody = office.reminders.everybody(office.personnel)
    assert [each.person_id for each in everybody] == [office.ids["hana"]]


def test_every_kind_has_its_sentence_in_every_language() -> None:
    for language in Language:
        for kind in MissingKind:
            assert Translator(language)(f"missing.{kind.value}")


def test_each_thing_is_listed_once_the_most_pressing_first() -> None:
    late = Missing("p", M.ABSENT, date(2026, 4, 1), "/a")
    pressing = Missing("p", M.REST_EXPIRES, date(2026, 4, 2), "/b", until=date(2026, 4, 9))
    assert in_order([late, pressing, late]) == [pressing, late]
