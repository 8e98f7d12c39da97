"""From the bytes of a calendar to its events: series, zones, whole days, and everything hostile."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.feeds.calendar import ReadAs, read_calendar
from hub.feeds.domain import (
    CalendarError,
    ContactRule,
    ContactSource,
    EventName,
    EventProblem,
    FetchResult,
    PlaceProperty,
    PlaceRule,
    ReadCalendar,
    SaidContact,
    reservation_key,
)
from hub.feeds.texts import facility_of

NOW = datetime(2026, 4, 6, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def read(ical: Any) -> Any:
    """Reads events: `read("UID:a\\nDTSTART:...", ...)`."""

    def read(
        *events: str,
        contact: ContactRule | None = None,
        zone: str = "Asia/Tokyo",
        now: datetime = NOW,
        days: int = 60,
        before: str = "",
    ) -> ReadCalendar:
        parts = [ical.event(*each.split("\n")) for each in events]
        how = ReadAs(ZoneInfo(zone), contact or ContactRule(), now, now + timedelta(days=days))
        return read_calendar(ical.calendar(before, *parts), None, how)

    return read


def windows(found: ReadCalendar, zone: str = "Asia/Tokyo") -> list[str]:
    """Each occurrence as `04-07 09:00-11:00` of a zone."""
    there = ZoneInfo(zone)
    return [
        f"{o.starts_at.astimezone(there):%m-%d %H:%M}-{o.ends_at.astimezone(there):%H:%M}"
        for o in sorted(found.occurrences, key=lambda o: o.starts_at)
    ]


def problems(found: ReadCalendar) -> list[EventProblem]:
    return [each.problem for each in found.unread]


# --- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "window"),
    [
        ("DTSTART:20260407T000000Z\nDTEND:20260407T020000Z", "04-07 09:00-11:00"),
        ("DTSTART;TZID=Asia/Tokyo:20260407T090000\nDURATION:PT2H", "04-07 09:00-11:00"),
        ("DTSTART:20260407T090000\nDTEND:20260407T110000", "04-07 09:00-11:00"),
        ("DTSTART;TZID=Tokyo Standard Time:20260407T090000\nDURATION:PT2H", "04-07 09:00-11:00"),
        ("DTSTART;TZID=/x.org/v1/Asia/Tokyo:20260407T090000\nDURATION:PT2H", "04-07 09:00-11:00"),
        ('DTSTART;TZID="Asia/Tokyo":20260407T090000\nDURATION:PT2H', "04-07 09:00-11:00"),
        ("DTSTART;VALUE=DATE:20260407", "04-07 00:00-00:00"),
        ("DTSTART;VALUE=DATE:20260407\nDTEND;VALUE=DATE:20260407", "04-07 00:00-00:00"),
        ("DTSTART:20260407T220000\nDTEND:20260408T020000", "04-07 22:00-02:00"),
        ("dtstart:20260407T090000\ndtend:20260407T110000", "04-07 09:00-11:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(read: Any, times: str, window: str) -> None:
    assert windows(read(f"UID:a\n{times}")) == [window]


def test_whole_days_are_local_days_of_23_and_25_hours(read: Any) -> None:
    found = read(
        "UID:spring\nDTSTART;VALUE=DATE:20260329",
        "UID:autumn\nDTSTART;VALUE=DATE:20261025",
        zone="Europe/Berlin",
        now=datetime(2026, 3, 1, tzinfo=UTC),
        days=300,
    )
    assert [(o.ends_at - o.starts_at) / timedelta(hours=1) for o in found.occurrences] == [23, 25]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_a_series_keeps_its_hour_on_the_wall_over_a_change_of_clocks(read: Any, zone: str) -> None:
    rule = "RRULE:FREQ=WEEKLY;COUNT=60"
    named = read(f"UID:a\nDTSTART;TZID={zone}:20260105T180000\nDURATION:PT2H\n{rule}", days=365)
    floating = read(
        f"UID:a\nDTSTART:20260105T180000\nDTEND:20260105T200000\n{rule}", days=365, zone=zone
    )
    for found in (named, floating):
        assert len(found.occurrences) > 40
        assert {w[6:] for w in windows(found, zone)} == {"18:00-20:00"}
    assert {o.name for o in named.occurrences} == {o.name for o in floating.occurrences}


def test_a_leap_day_comes_every_fourth_year(read: Any) -> None:
    found = read(
        "UID:a\nDTSTART:20240229T090000\nDURATION:PT1H\nRRULE:FREQ=YEARLY",
        now=datetime(2027, 1, 1, tzinfo=UTC),
        days=800,
    )
    assert windows(found) == ["02-29 09:00-10:00"]
    assert found.occurrences[0].starts_at.year == 2028


OWN_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def test_a_calendars_own_zone_is_its_own_and_no_other_calendars(read: Any) -> None:
    event = "UID:a\nDTSTART;TZID=Customized Time Zone:20260407T090000\nDURATION:PT1H"
    for offset, window in ("+0900", "04-07 09:00-10:00"), ("+0530", "04-07 12:30-13:30"):
        zone = OWN_ZONE.format(name="Customized Time Zone", offset=offset)
        assert windows(read(event, before=zone)) == [window]


def test_a_zone_that_iana_knows_is_not_redefined_by_a_calendar(read: Any) -> None:
    lie = OWN_ZONE.format(name="Asia/Tokyo", offset="+0100")
    found = read("UID:a\nDTSTART;TZID=Asia/Tokyo:20260407T090000\nDURATION:PT1H", before=lie)
    assert windows(found) == ["04-07 09:00-10:00"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Europe", "x" * 300])
def test_an_unknown_zone_is_a_problem_and_no_guess(read: Any, zone: str) -> None:
    found = read(f"UID:a\nDTSTART;TZID={zone}:20260407T090000\nDURATION:PT1H")
    assert (found.occurrences, problems(found)) == ((), [EventProblem.ZONE_UNKNOWN])


# --- series ----------------------------------------------------------------------------------

WEEKLY = "UID:w\nDTSTART;TZID=Asia/Tokyo:20260406T180000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=5"


def test_exdate_rdate_and_moved_occurrences(read: Any) -> None:
    found = read(
        f"{WEEKLY}\nEXDATE;TZID=Asia/Tokyo:20260413T180000\nRDATE:20260408T090000Z",
        "UID:w\nRECURRENCE-ID:20260420T090000Z\nDTSTART:20260421T100000Z\nDURATION:PT1H",
        "UID:w\nRECURRENCE-ID;TZID=Asia/Tokyo:20260427T180000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Asia/Tokyo:20260427T180000\nDURATION:PT2H",
    )
    assert windows(found) == [
        "04-06 18:00-20:00",
        "04-08 18:00-20:00",
        "04-21 19:00-20:00",
        "04-27 18:00-20:00",
        "05-04 18:00-20:00",
    ]
    moved = next(o for o in found.occurrences if o.is_override and o.status == "confirmed")
    assert moved.name == EventName("w", "20260420T090000Z")
    assert [o.name.rid for o in found.occurrences if o.status == "cancelled"] == [
        "20260427T090000Z"
    ]


def test_this_and_future_moves_all_that_follow_and_each_keeps_its_own_name(read: Any) -> None:
    found = read(
        WEEKLY,
        "UID:w\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Tokyo:20260420T180000\n"
        "DTSTART;TZID=Asia/Tokyo:20260420T193000\nDURATION:PT1H",
    )
    assert [w[6:] for w in windows(found)] == ["18:00-20:00"] * 2 + ["19:30-20:30"] * 3
    assert sorted(o.name.rid for o in found.occurrences) == [
        f"2026{day}T090000Z" for day in ("0406", "0413", "0420", "0427", "0504")
    ]


def test_an_override_without_its_series_stands_for_itself(read: Any) -> None:
    found = read("UID:w\nRECURRENCE-ID:20260420T090000Z\nDTSTART:20260421T100000Z\nDURATION:PT1H")
    assert [o.name.rid for o in found.occurrences] == ["20260420T090000Z"]


def test_an_occurrence_moved_beyond_the_horizon_is_still_told_of(read: Any) -> None:
    found = read(
        WEEKLY,
        "UID:w\nRECURRENCE-ID:20260413T090000Z\nDTSTART:20270101T100000Z\nDURATION:PT1H",
        days=14,
    )
    (beyond,) = [o for o in found.occurrences if o.is_beyond]
    assert beyond.name.rid == "20260413T090000Z"


def test_what_is_over_is_left_out_and_what_runs_is_not(read: Any) -> None:
    found = read(
        "UID:past\nDTSTART:20260405T220000Z\nDTEND:20260406T000000Z",
        "UID:runs\nDTSTART:20260405T220000Z\nDTEND:20260406T000100Z",
        "UID:later\nDTSTART:20270405T220000Z\nDURATION:PT1H",
    )
    assert {o.name.uid: o.is_beyond for o in found.occurrences} == {"runs": False, "later": True}


# --- what is wrong with events ---------------------------------------------------------------

RULE = "UID:a\nDTSTART:20260407T090000\nDURATION:PT1M\nRRULE:"


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ("DTSTART:20260407T090000\nDURATION:PT1H", EventProblem.UID_MISSING),
        ("UID:a\nDTEND:20260407T090000", EventProblem.START_MISSING),
        ("UID:a\nDTSTART:20260407T09\nDURATION:PT1H", EventProblem.TIME_UNREADABLE),
        ("UID:a\nDTSTART:20260407T090000\nDTEND:20260407T080000", EventProblem.ENDS_BEFORE_START),
        ("UID:a\nDTSTART:20260407T090000\nDURATION:-PT1H", EventProblem.ENDS_BEFORE_START),
        ("UID:a\nDTSTART:20260407T090000", EventProblem.NO_LENGTH),
        ("UID:a\nDTSTART:20260407T090000\nDTEND;VALUE=DATE:20260408", EventProblem.TIME_UNREADABLE),
        ("UID:a\nDTSTART:00010101T000000\nDURATION:PT1H", EventProblem.TIME_UNREADABLE),
        ("UID:a\nDTSTART:99991231T235959\nDURATION:PT1H", EventProblem.TIME_UNREADABLE),
        (f"{RULE}FREQ=NEVER", EventProblem.RULE_UNREADABLE),
        (f"{RULE}FREQ=SECONDLY", EventProblem.TOO_FREQUENT),
        (f"{RULE}freq=minutely", EventProblem.TOO_FREQUENT),
        (f"{RULE}FREQ=DAILY", EventProblem.TOO_MANY),
        (f"{RULE}FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", EventProblem.TOO_SLOW),
        (f"{RULE}FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", EventProblem.TOO_SLOW),
    ],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_named_and_spoils_no_other(
    read: Any, event: str, problem: EventProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.feeds.calendar.SERIES_S", 0.4)
    monkeypatch.setattr("hub.feeds.calendar.MAX_OF_SERIES", 40)
    found = read(event, "UID:good\nDTSTART:20260407T090000\nDURATION:PT1H")
    assert problems(found) == [problem]
    assert [o.name.uid for o in found.occurrences] == ["good"]
    assert found.unread_uids == ({"a"} if "UID:a" in event else set())


def test_of_two_of_the_same_uid_the_newer_counts(read: Any) -> None:
    old = "UID:a\nSEQUENCE:1\nDTSTART:20260407T090000\nDURATION:PT1H"
    new = "UID:a\nSEQUENCE:2\nDTSTART:20260408T090000\nDURATION:PT1H"
    for events in (old, new), (new, old), (new, new):
        assert windows(read(*events)) == ["04-08 09:00-10:00"]


def test_two_of_the_same_uid_that_differ_are_nobodys_word(read: Any) -> None:
    found = read(
        "UID:a\nDTSTART:20260407T090000\nDURATION:PT1H",
        "UID:a\nDTSTART:20260408T090000\nDURATION:PT1H",
    )
    assert (found.occurrences, problems(found)) == ((), [EventProblem.UID_DUPLICATED])
    assert found.unread_uids == {"a"}


def test_a_series_of_which_a_piece_is_broken_is_not_made_without_it(read: Any) -> None:
    found = read(WEEKLY, "UID:w\nRECURRENCE-ID:20260413T090000Z\nDTSTART:broken\nDURATION:PT1H")
    assert (found.occurrences, found.unread_uids) == ((), {"w"})


def test_an_alarm_within_an_event_is_not_the_event(ical: Any) -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDURATION:PT5M\r\nREPEAT:2\r\nEND:VALARM"
    event = ical.event("UID:a", "DTSTART:20260407T090000", alarm, "DURATION:PT1H")
    how = ReadAs(TOKYO, ContactRule(), NOW, NOW + timedelta(days=9))
    assert windows(read_calendar(ical.calendar(event), None, how)) == ["04-07 09:00-10:00"]


# --- what is wrong with files ----------------------------------------------------------------

GOOD = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:体育館\r\nDTSTART:20260407T090000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"  # noqa: E501  # one line a file


def plain(content: bytes, charset: str | None = None) -> ReadCalendar:
    how = ReadAs(TOKYO, ContactRule(), NOW, NOW + timedelta(days=9))
    return read_calendar(content, charset, how)


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (GOOD.encode(), None),
        (GOOD.encode(), "UTF-8"),
        (GOOD.encode(), "iso-8859-1"),  # what servers say that were never told
        (GOOD.encode("utf-8-sig"), None),
        (GOOD.encode("utf-16"), None),
        (GOOD.encode("cp932"), "Shift_JIS"),
        (GOOD.encode("euc-jp"), '"EUC-JP"'),
        (GOOD.encode("iso2022_jp"), "iso-2022-jp"),
        (GOOD.replace("\r\n", "\n").encode(), None),
        (GOOD.replace("\r\n", "\r").encode(), None),
        (GOOD.replace("体", "体\r\n ").encode(), None),
        (("\r\n\r\n" + GOOD + "\r\n\x00").encode(), None),
        ((GOOD + GOOD.replace("館", "館2")).encode(), None),
    ],
)
def test_a_whole_file_is_read_in_whatever_it_is_written(
    content: bytes, charset: str | None
) -> None:
    assert plain(content, charset).occurrences[0].name.uid == "体育館"


@pytest.mark.parametrize(
    ("content", "charset", "result"),
    [
        (b"", None, FetchResult.NOT_A_CALENDAR),
        (b"\r\n \r\n", None, FetchResult.NOT_A_CALENDAR),
        (b"<!DOCTYPE html><title>Login</title>", None, FetchResult.NOT_A_CALENDAR),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", None, FetchResult.NOT_A_CALENDAR),
        (GOOD.encode() + b"trailing", None, FetchResult.NOT_A_CALENDAR),
        (GOOD.replace("END:VCALENDAR\r\n", "").encode(), None, FetchResult.PARTIAL),
        (GOOD.replace("END:VEVENT\r\n", "").encode(), None, FetchResult.PARTIAL),
        (GOOD.encode("cp932"), None, FetchResult.UNREADABLE),
        (GOOD.encode("cp932"), "utf-8", FetchResult.UNREADABLE),
        (GOOD.encode(), "klingon", FetchResult.UNREADABLE),
        (GOOD.replace("R\r\n", "R\r\nCALSCALE:X\r\n", 1).encode(), None, FetchResult.UNREADABLE),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 99, None, FetchResult.UNREADABLE),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_and_valid_is_refused(
    content: bytes, charset: str | None, result: FetchResult
) -> None:
    with pytest.raises(CalendarError) as refused:
        plain(content, charset)
    assert refused.value.result is result


def test_no_beginning_of_a_file_passes_for_the_whole() -> None:
    """Cut short anywhere, it is not whole: only blanks at its end may be missing."""
    content = GOOD.encode()
    for end in range(len(content) - 2):
        with pytest.raises(CalendarError):
            plain(content[:end])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_bytes_come_they_are_read_or_refused_by_the_named_error(data: Any) -> None:
    lines = st.sampled_from(
        [
            "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "UID:a", "UID:",
            "BEGIN:VTIMEZONE", "END:VTIMEZONE", "TZID:X", "DTSTART:20260407T090000",
            "DTSTART;TZID=X:20260407T090000", "DTEND;VALUE=DATE:20260408", "DURATION:P1W",
            "RRULE:FREQ=WEEKLY;UNTIL=20260501", "RRULE:FREQ=DAILY;COUNT=-1", "EXDATE:,,",
            "RDATE;VALUE=PERIOD:20260408T000000Z/PT1H", "RECURRENCE-ID:20260407T090000",
            "RRULE:FREQ=MONTHLY;BYDAY=6MO", "DTSTART:", ";:", "SEQUENCE:x", "SEQUENCE:-1",
            "LAST-MODIFIED:yesterday", "STATUS:?", "ATTENDEE;CN=\":mailto:", "X" * 90, " folded",
            "DURATION:PT99999999999999H", "RRULE:FREQ=YEARLY;INTERVAL=0",
        ]
    )  # fmt: skip
    body = data.draw(st.lists(lines, max_size=14))
    text = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *body, "END:VEVENT", "END:VCALENDAR", ""]
    noise = data.draw(st.binary(max_size=6))
    try:
        plain("\r\n".join(text).encode() + noise)
    except CalendarError:
        return


def test_five_thousand_events_are_read_in_a_few_seconds(ical: Any) -> None:
    events = [
        ical.event(f"UID:{i}", f"DTSTART:202604{7 + i % 20:02d}T{i % 24:02d}0000", "DURATION:PT1H")
        for i in range(5000)
    ]
    content = ical.calendar(*events)
    began = time.monotonic()
    assert len(plain(content).occurrences) > 500
    assert time.monotonic() - began < 20


# --- texts -----------------------------------------------------------------------------------

EVENT = "UID:a\nDTSTART:20260407T090000\nDURATION:PT1H"


@pytest.mark.parametrize(
    ("line", "rule", "contact"),
    [
        (
            'ATTENDEE;CN="山田; 花子":MAILTO:h@example.jp',
            ContactRule(),
            SaidContact("山田; 花子", "h@example.jp"),
        ),
        ("ATTENDEE:tel:+81-123-45-6789", ContactRule(), SaidContact("", "", "+81-123-45-6789")),
        ("ATTENDEE:mailto:not an address", ContactRule(), SaidContact()),
        (
            "ORGANIZER;CN=公民館:mailto:k@example.jp",
            ContactRule(ContactSource.ORGANIZER),
            SaidContact("公民館", "k@example.jp"),
        ),
        (
            "DESCRIPTION:団体: 卓球\\n氏名：山田 花子\\n電話 0123-45-6789\\nメール: h@example.jp",
            ContactRule(ContactSource.DESCRIPTION, "氏名", "メール", "電話"),
            SaidContact("山田 花子", "h@example.jp", "0123-45-6789"),
        ),
        (
            "X-NAME:山田\\, 花子\nX-MAIL:h@example.jp",
            ContactRule(ContactSource.PROPERTIES, "x-name", "X-Mail", ""),
            SaidContact("山田, 花子", "h@example.jp"),
        ),
        ("ATTENDEE:mailto:h@example.jp", ContactRule(ContactSource.NONE), SaidContact()),
    ],
)  # fmt: skip
def test_the_contact_stands_where_the_feed_says(
    read: Any, line: str, rule: ContactRule, contact: SaidContact
) -> None:
    assert read(f"{EVENT}\n{line}", contact=rule).occurrences[0].contact == contact


def test_the_first_rule_that_holds_names_the_facility() -> None:
    rules = (
        PlaceRule(PlaceProperty.LOCATION, "和室", "w"),
        PlaceRule(PlaceProperty.LOCATION, "ホール", "h", contains=True),
        PlaceRule(PlaceProperty.RESOURCES, "図書室", None),
    )
    at = PlaceProperty.LOCATION
    assert facility_of(((at, "ﾎｰﾙ 東"),), rules, "d") == ("h", True)
    assert facility_of(((at, "和室 "),), rules, "d") == ("w", True)
    assert facility_of(((PlaceProperty.RESOURCES, "図書室"),), rules, "d") == (None, False)
    assert facility_of(((at, "庭"),), rules, "d") == ("d", True)
    assert facility_of((), rules, None) == (None, True)


@given(st.text(max_size=300), st.text(max_size=40))
def test_every_reservation_key_fits_whatever_the_uid(uid: str, feed: str) -> None:
    keys = {
        reservation_key(feed, EventName(uid, rid), n)
        for rid in ("", "20260406T090000Z")
        for n in (1, 12)
    }
    assert len(keys) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9._:~-]{1,128}", key) for key in keys)
