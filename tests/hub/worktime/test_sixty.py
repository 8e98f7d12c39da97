"""The 60th hour is found on raw minutes, in the order in which they passed."""

from __future__ import annotations

from hub.worktime.domain import Bucket, DayNote, PayClass, Piece
from hub.worktime.sixty import split_at_sixty
from tests.hub.worktime.november import pieces, raw, reckoned, worked

COUNTING = {PayClass.OVERTIME, PayClass.DAY_OFF}


def piece(start: int, end: int, pay_class: PayClass = PayClass.OVERTIME) -> Piece:
    return Piece(start, end, Bucket(pay_class), pay_class)


def test_it_may_be_reached_within_a_night_piece() -> None:
    """Twelve evenings of 4 h 45 are 57 h; the 60th hour of the next is 01:00 of a Saturday."""
    evenings = [2, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18]
    days = [worked(day, "08:30-22:00", "17:15-22:00") for day in evenings]
    days.append(worked(20, "08:30-17:15 22:00-30:00", "22:00-30:00"))
    result = reckoned(*days, worked(24, "08:30-18:00", "17:15-18:00"))
    assert pieces(result, 20) == [
        "22:00-24:00 overtime.night",
        "24:00-25:00 day_off.night",
        "25:00-29:00 over_60.night",
        "29:00-30:00 over_60",
    ]
    assert [piece.from_class for piece in result.days[19].pieces[2:]] == [PayClass.DAY_OFF] * 2
    assert raw(result) == {
        "overtime": 3_420,
        "overtime.night": 120,
        "day_off.night": 60,
        "over_60": 105,
        "over_60.night": 240,
    }
    assert result.counted_60h_min == 3_945
    noted = [day.work_date.day for day in result.days if DayNote.OVER_60_REACHED in day.notes]
    assert noted == [20]
    assert list(result.totals)[-1] == Bucket(PayClass.OVER_60, night=True)


def test_exactly_sixty_hours_are_not_beyond_them() -> None:
    """The minute after them is, and a piece that ends there is whole."""
    days = [(piece(0, 3_600),), (piece(0, 1),)]
    split, counted = split_at_sixty(days, COUNTING, 3_600)
    assert split[0] == days[0]
    assert [found.bucket for found in split[1]] == [Bucket(PayClass.OVER_60)]
    assert counted == 3_601


def test_classes_that_do_not_count_pass_by() -> None:
    """Regular hours of a holiday and add-ons, before and after."""
    holiday = piece(0, 60, PayClass.HOLIDAY)
    split, counted = split_at_sixty([(holiday, piece(60, 90)), (holiday,)], COUNTING, 0)
    assert [found.bucket.pay_class for found in split[0]] == [PayClass.HOLIDAY, PayClass.OVER_60]
    assert (split[1], counted) == ((holiday,), 30)
