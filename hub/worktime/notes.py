"""Why a day came out as it did, and what is odd about it: one rule a note.

docs/attendance-rules.md, the words in `code` and "Warnings". Notes refuse nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.worktime.day import DayMinutes
from hub.worktime.domain import DayFile, DayNote, ExplainedKind, PayClass, Piece, SwapKind
from hub.worktime.minutes import common, joined, total
from hub.worktime.ordinance import Kind, Ordinance, Overtime

_RANK = {note: rank for rank, note in enumerate(DayNote)}


def day_notes(
    file: DayFile,
    minutes: DayMinutes,
    pieces: Sequence[Piece],
    kind: Kind,
    ordinance: Ordinance,
) -> frozenset[DayNote]:
    """Give what can be said of a date by itself."""
    return frozenset(
        (
            *_of_punches(file, minutes, ordinance),
            *_of_orders(file, minutes),
            *_of_claims(file),
            *((DayNote.NOT_PAID_BY_KIND,) if pieces and kind.overtime is Overtime.RECORDED else ()),
        )
    )


def month_notes(
    pieces: Sequence[Sequence[Piece]], worked: Sequence[bool], ordinance: Ordinance
) -> list[frozenset[DayNote]]:
    """Give for each date what only the month as a whole tells: on which the 60th hour passed, and
    working days in a row beyond the ordinance's `warnings.days_in_a_row`."""
    found: list[frozenset[DayNote]] = []
    row, passed = 0, False
    for day_pieces, at_work in zip(pieces, worked, strict=True):
        row = row + 1 if at_work else 0
        notes = {DayNote.TOO_MANY_DAYS} if row > ordinance.warnings.days_in_a_row else set()
        if not passed and any(p.bucket.pay_class is PayClass.OVER_60 for p in day_pieces):
            passed = True
            notes.add(DayNote.OVER_60_REACHED)
        found.append(frozenset(notes))
    return found


def in_order(notes: frozenset[DayNote]) -> tuple[DayNote, ...]:
    """Give notes in the order of `DayNote`."""
    return tuple(sorted(notes, key=_RANK.__getitem__)) if notes else ()


def _of_punches(file: DayFile, minutes: DayMinutes, ordinance: Ordinance) -> Iterator[DayNote]:
    presence = file.presence
    if presence.missing:
        yield DayNote.MISSING_PUNCH
    if presence.open:
        yield DayNote.STILL_IN
    if any(span.minutes > ordinance.warnings.shift_max_min for span in minutes.present):
        yield DayNote.SHIFT_TOO_LONG
    # while a punch is missing nobody knows whether hours are
    if minutes.missing and not presence.missing and not presence.open:
        yield from _of_absence(minutes)


def _of_absence(minutes: DayMinutes) -> Iterator[DayNote]:
    """Absent without any regular work; late or gone early at either end of what was due and is not
    explained otherwise."""
    if not minutes.regular:
        yield DayNote.ABSENT
        return
    expected = joined((*minutes.regular, *minutes.missing))
    if minutes.missing[0].start == expected[0].start:
        yield DayNote.LATE
    if minutes.missing[-1].end == expected[-1].end:
        yield DayNote.LEFT_EARLY


def _of_orders(file: DayFile, minutes: DayMinutes) -> Iterator[DayNote]:
    if minutes.extra:
        begins = file.plan.spans[0].start if file.plan.spans else None
        if begins is not None and minutes.extra[0].start < begins:
            yield DayNote.EARLY_ARRIVAL
        if begins is None or minutes.extra[-1].end > begins:
            yield DayNote.PRESENT_WITHOUT_ORDER
    if minutes.unmet:
        yield DayNote.ORDER_WITHOUT_PRESENCE
    if minutes.paid and total(common(minutes.paid, file.plan.breaks)):
        yield DayNote.WORKED_BREAK


def _of_claims(file: DayFile) -> Iterator[DayNote]:
    if file.plan.swap_kind is SwapKind.COMPENSATORY:
        yield DayNote.COMPENSATED
    elif file.plan.swap_id is not None:
        yield DayNote.SWAPPED
    if any(claim.kind is ExplainedKind.DUTY for claim in file.explained):
        yield DayNote.DUTY
