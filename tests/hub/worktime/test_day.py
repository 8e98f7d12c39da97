"""A date's minutes: each one regular, paid, extra, break or missing, and by which class."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from hub.worktime.domain import CapType, DayNote, ExplainedKind, Order, PayClass, Presence, Terms
from hub.worktime.ordinance import Ordinance, Ordinances
from hub.worktime.patterns import DAY_OFF, CyclePattern, PatternDay, plan_of
from hub.worktime.reckoning import reckon_month
from tests.hub.worktime.november import (
    STANDARD,
    WEEK,
    month,
    on,
    pieces,
    plans,
    raw,
    reckoned,
    spans,
    worked,
)

SHORT = Terms("soumu", CapType.ORDINARY, "short_time")
MANAGER = Terms("soumu", CapType.ORDINARY, "manager")
NIGHT = PatternDay(spans("17:00-32:30"), spans("24:00-25:00"))


def nights(first: int) -> CyclePattern:
    """Every third day from a date of November on is a night shift."""
    return CyclePattern(on(first), (NIGHT, DAY_OFF, DAY_OFF))


def test_a_regular_day_is_regular_to_the_minute() -> None:
    """08:30 to 17:15 exactly: nothing is missing, nothing extra."""
    day = reckoned(worked(2, "08:30-17:15")).days[1]
    assert (day.present_min, day.break_min, day.regular_min) == (525, 60, 465)
    assert (day.missing_min, day.extra_min, day.credited_min, day.notes) == (0, 0, 465, ())


def test_overtime_changes_its_rate_at_ten_and_at_midnight() -> None:
    """Friday into Saturday: 125, 150 from 22:00, 160 from 24:00 and 135 from 05:00."""
    result = reckoned(worked(6, "08:30-30:00", "17:15-30:00"))
    assert pieces(result, 6) == [
        "17:15-22:00 overtime",
        "22:00-24:00 overtime.night",
        "24:00-29:00 day_off.night",
        "29:00-30:00 day_off",
    ]
    assert [total.percent for total in result.totals.values()] == [125, 150, 135, 160]


def test_sunday_into_monday_is_overtime_from_midnight_on() -> None:
    """The calendar date decides, and Monday's regular hours are Monday's."""
    result = reckoned(worked(8, "20:00-33:00", "20:00-33:00"), worked(9, "10:00-17:15"))
    assert pieces(result, 8) == [
        "20:00-22:00 day_off",
        "22:00-24:00 day_off.night",
        "24:00-29:00 overtime.night",
        "29:00-32:30 overtime",
    ]
    monday = result.days[8]
    assert (monday.regular_min, monday.missing_min) == (30 + 120 + 255, 60)
    assert result.days[7].unmet_order_min == 0


def test_what_is_not_ordered_is_said_and_not_paid() -> None:
    """Early and late; ordered and not there likewise."""
    day = reckoned(worked(2, "08:10-18:00", "18:00-19:00")).days[1]
    assert (day.extra_min, day.unmet_order_min, day.pieces) == (20 + 45, 60, ())
    assert day.notes == (
        DayNote.PRESENT_WITHOUT_ORDER,
        DayNote.ORDER_WITHOUT_PRESENCE,
        DayNote.EARLY_ARRIVAL,
    )
    early = reckoned(worked(2, "08:10-17:15")).days[1]
    assert early.notes == (DayNote.EARLY_ARRIVAL,)


def test_two_ranges_a_day_belong_to_their_orders() -> None:
    """Overlapping orders pay a minute once, for the one that begins first."""
    day = worked(2, "07:00-20:00")
    orders = (
        Order("c", on(2), spans("18:30-20:00")),
        Order("b", on(2), spans("17:15-19:00")),
        Order("a", on(2), spans("07:00-08:30")),
    )
    result = reckoned(replace(day, orders=orders))
    assert [(p.start, p.end, p.order_id) for p in result.days[1].pieces] == [
        (420, 510, "a"),
        (1035, 1140, "b"),
        (1140, 1200, "c"),
    ]


def test_ordered_work_in_the_lunch_break_is_paid_unless_a_break_was_punched() -> None:
    """Without an order it stays a break; a punched break stands for the regular one."""
    paid = reckoned(worked(2, "08:30-17:15", "12:00-13:00"))
    assert pieces(paid, 2) == ["12:00-13:00 overtime"]
    assert (paid.days[1].break_min, paid.days[1].notes) == (0, (DayNote.WORKED_BREAK,))
    part = reckoned(worked(2, "08:30-17:15", "12:00-13:00", breaks="12:30-13:00")).days[1]
    assert (part.break_min, part.unmet_order_min, part.over_full_day_min) == (30, 30, 30)
    moved = reckoned(worked(2, "08:30-17:15", breaks="13:00-14:00")).days[1]
    assert (moved.regular_min, moved.missing_min, moved.extra_min) == (405, 60, 60)


def test_a_holiday_pays_regular_hours_and_the_rest_by_their_classes() -> None:
    """Nobody needs to be there; without an order presence is extra."""
    result = reckoned(worked(3, "08:00-18:00", "08:30-18:00"), worked(23, "09:00-10:00"))
    assert pieces(result, 3) == [
        "08:30-12:00 holiday",
        "12:00-13:00 holiday_overtime",
        "13:00-17:15 holiday",
        "17:15-18:00 holiday_overtime",
    ]
    culture_day, thanksgiving = result.days[2], result.days[22]
    assert (culture_day.regular_min, culture_day.missing_min, culture_day.extra_min) == (0, 0, 30)
    assert (thanksgiving.extra_min, thanksgiving.missing_min, thanksgiving.pieces) == (60, 0, ())
    # regular hours of a holiday count towards nothing, the others do
    assert result.counted_60h_min == 105
    assert result.days[2].over_full_day_min == 465 + 105


def test_a_night_that_reaches_a_holidays_hours_is_paid_by_either_days_order() -> None:
    """Monday's order runs into Culture Day; its last hour is reckoned on Culture Day."""
    result = reckoned(worked(2, "08:30-33:30", "17:15-33:30"))
    assert pieces(result, 2)[-1] == "29:00-32:30 holiday_overtime"
    assert pieces(result, 3) == ["08:30-09:30 holiday"]
    assert result.days[2].pieces[0].order_id == "order-2"
    by_next = reckoned(worked(2, "08:30-33:30", "17:15-32:30"), worked(3, order="08:30-09:30"))
    assert pieces(by_next, 3) == ["08:30-09:30 holiday"]
    assert by_next.days[2].unmet_order_min == 0


def test_the_last_night_of_the_month_before_reaches_the_first_morning() -> None:
    """1 November as a workday: its first hour was worked by a shift of 31 October."""
    planned = plans()
    planned[on(1)] = plan_of(WEEK.days[0], on(1), None)
    file = month(worked(1, "10:00-17:15"), planned=planned)
    stays = Presence(on(0), spans("22:00-33:30"), spans("33:00-33:15"))
    first = reckon_month(replace(file, stays=stays), Ordinances([STANDARD])).days[0]
    assert (first.regular_min, first.missing_min) == (465 - 30 - 15, 45)


def test_a_rostered_night_shift_is_regular_past_midnight_with_its_add_on() -> None:
    """17:00 to 08:30 less its break; 22:00 to 05:00 is worth 25 besides."""
    result = reckoned(worked(4, "17:00-32:30"), planned=plans(nights(4)))
    day = result.days[3]
    assert (day.regular_min, day.break_min, day.missing_min) == (870, 60, 0)
    assert pieces(result, 4) == ["22:00-24:00 night_regular", "25:00-29:00 night_regular"]
    assert result.totals[day.pieces[0].bucket].percent == 25


def test_a_rostered_shift_into_a_holiday_is_holiday_work_and_regular_too() -> None:
    """Monday's night into Culture Day; the holiday's night rate pays for the night."""
    result = reckoned(worked(2, "17:00-32:30"), planned=plans(nights(2)))
    assert pieces(result, 2) == [
        "22:00-24:00 night_regular",
        "25:00-29:00 holiday.night",
        "29:00-32:30 holiday",
    ]
    assert (result.days[1].regular_min, result.days[1].credited_min) == (870, 870)


def test_a_rostered_shift_out_of_a_holiday_is_regular_work_from_midnight_on() -> None:
    """Culture Day's night into Wednesday: paid until midnight, due after it."""
    result = reckoned(worked(3, "17:00-28:00"), planned=plans(nights(3)))
    day = result.days[2]
    assert pieces(result, 3) == [
        "17:00-22:00 holiday",
        "22:00-24:00 holiday.night",
        "25:00-28:00 night_regular",
    ]
    assert (day.regular_min, day.missing_min, day.notes) == (180, 270, (DayNote.LEFT_EARLY,))


@pytest.mark.parametrize(
    ("kind", "regular", "explained"),
    [
        (ExplainedKind.TRIP, 465, {}),
        (ExplainedKind.TELEWORK, 465, {}),
        (ExplainedKind.TRAINING, 465, {}),
        (ExplainedKind.LEAVE, 210, {ExplainedKind.LEAVE: 255}),
        (ExplainedKind.UNPAID_LEAVE, 210, {ExplainedKind.UNPAID_LEAVE: 255}),
    ],
)
def test_work_elsewhere_is_work_and_leave_explains(
    kind: ExplainedKind, regular: int, explained: dict[ExplainedKind, int]
) -> None:
    """An afternoon away; only regular hours count, and worked minutes are worked."""
    day = reckoned(worked(2, "08:30-12:00", explained={kind: "11:00-18:00"})).days[1]
    assert (day.regular_min, day.explained_min, day.missing_min) == (regular, explained, 0)
    assert (day.notes, day.pieces) == ((), ())


def test_a_minute_explained_twice_counts_once() -> None:
    """For the kind that is named first."""
    claims = {ExplainedKind.UNPAID_LEAVE: "08:30-17:15", ExplainedKind.LEAVE: "08:30-09:30"}
    day = reckoned(worked(2, explained=claims)).days[1]
    assert day.explained_min == {ExplainedKind.LEAVE: 60, ExplainedKind.UNPAID_LEAVE: 405}


def test_duty_is_presence_and_never_overtime() -> None:
    """Neither with an order, nor in a holiday's regular hours; it is explained and not extra."""
    night = worked(2, "08:30-24:00", "17:15-24:00", explained={ExplainedKind.DUTY: "17:15-22:00"})
    holiday = worked(3, "08:30-17:15", "08:30-17:15", explained={ExplainedKind.DUTY: "08:30-17:15"})
    result = reckoned(night, holiday)
    assert pieces(result, 2) == ["22:00-24:00 overtime.night"]
    assert (result.days[1].explained_min, result.days[1].extra_min) == (
        {ExplainedKind.DUTY: 285},
        0,
    )
    assert (result.days[2].explained_min, result.days[2].extra_min) == (
        {ExplainedKind.DUTY: 525},
        0,
    )
    assert (result.days[2].pieces, result.days[2].unmet_order_min) == ((), 0)


def test_short_time_staff_reach_the_full_day_first() -> None:
    """Six planned hours and 1 h 45 at 100 per cent; then overtime, over the 22:00 line too."""
    plan = plan_of(PatternDay(spans("09:00-16:00"), spans("12:00-13:00")), on(2), None)
    day = worked(2, "08:00-19:00", "08:00-09:00 16:00-19:00", terms=SHORT, plan=plan)
    result = reckoned(day)
    assert pieces(result, 2) == [
        "08:00-09:00 short_time",
        "16:00-16:45 short_time",
        "16:45-19:00 overtime",
    ]
    late = plan_of(PatternDay(spans("14:00-20:00")), on(2), None)
    night = reckoned(worked(2, "14:00-23:00", "20:00-23:00", terms=SHORT, plan=late))
    assert pieces(night, 2) == [
        "20:00-21:45 short_time",
        "21:45-22:00 overtime",
        "22:00-23:00 overtime.night",
    ]
    saturday = reckoned(worked(7, "08:00-10:00", "08:00-10:00", terms=SHORT))
    assert raw(saturday) == {"day_off": 120}


def test_a_manager_is_recorded_and_not_paid() -> None:
    """Everything is reckoned alike."""
    result = reckoned(worked(2, "08:30-20:00", "17:15-20:00", terms=MANAGER))
    (total,) = result.totals.values()
    assert (total.raw_min, total.rounded_min, total.paid) == (165, 180, False)
    assert result.days[1].notes == (DayNote.NOT_PAID_BY_KIND,)
    assert result.tally is not None
    assert result.tally.cap_month_min == 165


def test_a_promotion_within_the_month_keeps_both_apart() -> None:
    """What was paid and what is only recorded are not rounded together."""
    result = reckoned(
        worked(2, "08:30-17:59", "17:15-17:59"),
        worked(16, "08:30-17:55", "17:15-17:55", terms=MANAGER),
    )
    (total,) = result.totals.values()
    assert (total.raw_min, total.rounded_min, total.recorded_min) == (44, 60, 40)
    assert total.paid


def test_nobody_is_paid_before_being_hired() -> None:
    """Whatever was punched; the cap type is that of the last day of employment."""
    hired = [worked(day, terms=None) for day in range(3, 31)]
    hired[0] = worked(3, "08:30-20:00", "08:30-20:00", terms=None)
    result = reckoned(worked(2, "08:30-17:15"), *hired)
    day = result.days[2]
    assert (day.present_min, day.extra_min, day.pieces, day.notes) == (
        690,
        0,
        (),
        (DayNote.NOT_EMPLOYED,),
    )
    assert result.days_worked == 1
    gone = reckoned(*(worked(day, terms=None) for day in range(1, 31)))
    assert (gone.tally, gone.caps) == (None, ())


def test_a_last_night_before_leaving_is_not_lost() -> None:
    """Regular hours of the next date belong to nobody then: an order pays them."""
    result = reckoned(
        worked(5, "08:30-33:00", "17:15-33:00"), *(worked(day, terms=None) for day in range(6, 31))
    )
    assert pieces(result, 5)[-1] == "29:00-33:00 overtime"


def test_notes_say_why() -> None:
    """Late, gone early, absent, half-read, still there, too long."""
    result = reckoned(
        worked(2, "08:31-17:15"),
        worked(4, "08:30-17:14"),
        worked(5),
        worked(6, missing=True),
        worked(9, open=True),
        worked(10, "08:30-24:31"),
        worked(11, "09:30-17:15", explained={ExplainedKind.LEAVE: "08:30-09:30"}),
        worked(12, "10:00-17:15", explained={ExplainedKind.LEAVE: "08:30-09:30"}),
        worked(13, "08:30-24:30", "17:15-24:30"),
        worked(23, "08:30-09:30"),
    )
    found = {day.work_date.day: day.notes for day in result.days}
    assert found[2] == (DayNote.LATE,)
    assert found[4] == (DayNote.LEFT_EARLY,)
    assert found[5] == (DayNote.ABSENT,)
    assert found[6] == (DayNote.MISSING_PUNCH,)
    assert found[9] == (DayNote.STILL_IN,)
    assert found[10] == (DayNote.PRESENT_WITHOUT_ORDER, DayNote.SHIFT_TOO_LONG)
    assert found[11] == ()
    assert found[12] == (DayNote.LATE,)
    # sixteen hours exactly; a holiday's hours from their first minute on
    assert found[13] == ()
    assert found[23] == (DayNote.PRESENT_WITHOUT_ORDER,)


def test_of_days_to_come_nothing_is_missing_yet() -> None:
    """Neither hours nor presence in ordered ones; what was worked today counts already."""
    file = month(worked(5, "08:30-12:00", open=True), worked(6, order="17:15-19:00"))
    result = reckon_month(replace(file, known_through=on(4)), Ordinances([STANDARD]))
    assert result.missing_min == 2 * 465
    today, tomorrow = result.days[4], result.days[5]
    assert (today.regular_min, today.missing_min, today.notes) == (210, 0, (DayNote.STILL_IN,))
    assert (tomorrow.unmet_order_min, tomorrow.notes) == (0, ())


def test_the_thirteenth_working_day_in_a_row_is_said() -> None:
    """Twelve are not; a day off begins anew."""
    plan = {day: plan_of(WEEK.days[0], on(day), None) for day in range(1, 31)}
    days = [worked(day, "08:30-17:15", plan=plan[day]) for day in range(1, 15)]
    days += [worked(16, "08:30-17:15", plan=plan[16])]
    result = reckoned(*days)
    assert [day.work_date.day for day in result.days if DayNote.TOO_MANY_DAYS in day.notes] == [
        13,
        14,
    ]


def test_a_date_follows_the_ordinance_in_force_on_it() -> None:
    """From the 16th the night begins at 21:00; totals follow the last day's."""
    later = from_the_sixteenth(night_from_min=1_260)
    result = reckoned(
        worked(2, "08:30-22:00", "17:15-22:00"),
        worked(16, "08:30-22:00", "17:15-22:00"),
        ordinances=Ordinances([later, STANDARD]),
    )
    assert raw(result) == {"overtime": 285 + 225, "overtime.night": 60}
    assert result.totals[result.days[15].pieces[-1].bucket].percent == 170


def from_the_sixteenth(night_from_min: int) -> Ordinance:
    """A version from 16 November with another night and another rate for it."""
    pay = dict(STANDARD.pay)
    pay[PayClass.OVERTIME] = msgspec.structs.replace(pay[PayClass.OVERTIME], night_percent=170)
    return msgspec.structs.replace(
        STANDARD,
        since=on(16),
        pay=pay,
        day=msgspec.structs.replace(STANDARD.day, night_from_min=night_from_min),
    )


def test_a_file_that_is_not_the_months_is_refused() -> None:
    """A missing date, a stranger's presence, minutes on a date without a plan."""
    file = month()
    with pytest.raises(ValueError, match="2026-11 needs each of its dates"):
        reckon_month(replace(file, days=file.days[1:]), Ordinances([STANDARD]))
    odd = replace(file.days[0], presence=Presence(on(2)))
    with pytest.raises(ValueError, match="2026-11-01 has the presence of 2026-11-02"):
        reckon_month(replace(file, days=(odd, *file.days[1:])), Ordinances([STANDARD]))
    last = worked(30, "08:30-25:00", "17:15-25:00")
    alone = replace(file, days=(*file.days[:-1], last), around={})
    with pytest.raises(ValueError, match="2026-12-01, whose plan is not there"):
        reckon_month(alone, Ordinances([STANDARD]))
