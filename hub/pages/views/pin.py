"""What a holder sees of a booking and its PIN. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from hub.bookings.records import BookingView, Revealed
from hub.bookings.steps import Step, StepMoment, steps_of
from hub.bookings.tables import BookingState
from hub.keyboxes.codes import ShownCode
from hub.keyboxes.domain import KeyBox
from hub.pages.views.booking import BookingLine
from hub.pages.words import Words, pin_groups
from hub.pins.placement import Problem, Readiness

_SOON = timedelta(hours=1)
_UNSURE = frozenset({Readiness.PROBLEM, Readiness.PLACING, Readiness.SCHEDULED})


@dataclass(frozen=True, slots=True)
class Countdown:
    """How long it is until the PIN works: in seconds for the page's script, in words for those
    without one, as of when the page was drawn."""

    left_s: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """One key box's code: where it hangs, when the code really opens it, what to do there."""

    box: str
    place: str
    holder: str
    when: str
    is_now: bool
    changed: bool
    closing: str
    groups: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinSheet:
    """The PIN page. `state` is requested, unpaid, before, now or over."""

    booking_id: str
    facility: str
    day: str
    span: str
    doors: str
    state: str
    icon: str
    when: str
    countdown: Countdown | None
    more: str
    help: tuple[str, ...]
    may_cancel: bool
    pins: tuple[tuple[str, ...], ...] = field(repr=False)
    duress: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    codes: tuple[CodeSheet, ...] = ()
    cancel_what: str = ""
    number: str = ""
    arrive: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    others: tuple[BookingLine, ...] = ()


def pin_sheet(
    view: BookingView,
    revealed: Sequence[Revealed],
    line: BookingLine,
    words: Words,
    others: Sequence[BookingLine] = (),
    boxes: Mapping[str, KeyBox] | None = None,
    steps: tuple[Step, ...] = (),
) -> PinSheet:
    """Give the sheet of a booking; `revealed` is what its holder may see now, `steps` what its
    facility asks of them."""
    state = _state(view, words)
    doors = words.t("words.comma").join(dict.fromkeys(place.door for place in line.placements))
    place = doors or line.facility
    return PinSheet(
        booking_id=line.id,
        facility=line.facility,
        day=line.day,
        span=line.span,
        doors=place,
        state=state,
        icon={"requested": "bell", "unpaid": "bell", "now": "check"}.get(state, "clock"),
        when=_when(view, state, words),
        countdown=_countdown(view, words) if state == "before" else None,
        more=_more(view, state, words),
        help=(
            words.t("pin.help_time", span=line.usable),
            words.t("pin.help_door", doors=place),
            words.t("pin.help_again"),
            words.t("pin.help_locked"),
        ),
        may_cancel=view.booking.stands and words.now < view.booking.booked.starts_at,
        pins=tuple(tuple(pin_groups(each.pin)) for each in revealed if each.pin is not None),
        duress=tuple(tuple(pin_groups(each.duress)) for each in revealed if each.duress),
        codes=_codes(view, revealed, boxes or {}, words),
        cancel_what=words.t("pin.cancel_what_box" if view.codes else "pin.cancel_what"),
        others=tuple(others),
        number=line.number,
        arrive=steps_of(steps, StepMoment.ARRIVE, words.t.language),
        leave=steps_of(steps, StepMoment.LEAVE, words.t.language),
    )


def _codes(
    view: BookingView, revealed: Sequence[Revealed], boxes: Mapping[str, KeyBox], words: Words
) -> tuple[CodeSheet, ...]:
    holders = {each.holder_id: each.holder for each in view.codes}
    several = len(holders) > 1
    return tuple(
        code_sheet(
            shown, boxes[shown.code.lock_id], holders.get(each.holder_id, ""), several, words
        )
        for each in revealed
        for shown in each.codes
        if shown.code.lock_id in boxes
    )


def code_sheet(
    shown: ShownCode, box: KeyBox, holder: str, several: bool, words: Words
) -> CodeSheet:
    """Give the sheet of one key box's code."""
    start, end = shown.code.effective
    if start <= words.now < end:
        when = words.t("pin.now", time=words.when(end))
    else:
        when = words.t(
            "pin.box_span", day=words.day(words.day_of(start)), span=words.span(start, end)
        )
    return CodeSheet(
        box=words.name(box.name, box.name_en),
        place=box.place,
        holder=holder if several else "",
        when=when,
        is_now=start <= words.now < end,
        changed=shown.code.pin_changed,
        closing=box.closing or words.t("pin.box_step_close"),
        groups=tuple(pin_groups(shown.digits)),
    )


def _state(view: BookingView, words: Words) -> str:
    if view.booking.state is BookingState.REQUESTED:
        return "requested"
    window = view.booking.effective
    if view.booking.awaits_payment and words.now < window.ends_at:
        return "unpaid"
    if words.now < window.starts_at:
        return "before"
    return "now" if words.now < window.ends_at else "over"


def _when(view: BookingView, state: str, words: Words) -> str:
    window = view.booking.effective
    if state == "before":
        return words.t("pin.from", time=words.when(window.starts_at))
    if state == "now":
        return words.t("pin.now", time=words.when(window.ends_at))
    return words.t(f"pin.{state}")


def _countdown(view: BookingView, words: Words) -> Countdown:
    left = view.booking.effective.starts_at - words.now
    minutes = ceil(left / timedelta(minutes=1))
    hours, days = minutes // 60, minutes // (24 * 60)
    unit = "days" if days else "hours" if hours else "minutes"
    text = words.t(f"pin.left_{unit}", days=days, hours=hours % 24, minutes=minutes % 60)
    as_of = words.t("pin.left_as_of", left=text, time=words.time(words.now))
    return Countdown(ceil(left.total_seconds()), as_of)


def _more(view: BookingView, state: str, words: Words) -> str:
    if state in ("requested", "unpaid"):
        return words.t(f"pin.{state}_more")
    if any(Problem.BOX_NOT_SET_UP in code.problems for code in view.codes):
        return words.t("pin.box_not_set_up")
    near = words.now >= view.booking.effective.starts_at - _SOON
    if state in ("before", "now") and near and view.readiness in _UNSURE:
        return words.t("pin.placing")
    return ""
