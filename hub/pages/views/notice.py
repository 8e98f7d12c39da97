"""Notices as staff read them, and the sheet that is printed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.bookings.numbers import grouped
from hub.bookings.steps import StepMoment
from hub.bookings.tables import BookingState
from hub.notices.coalescing import PIN_WORD
from hub.notices.domain import NoticeKind, NoticeState, masked
from hub.notices.facts import BoxCode, Facts, HolderPin, Names
from hub.notices.service import MAY_ASK, NoticeView
from hub.notices.texts import (
    Wanted,
    as_text,
    digit_pairs,
    one_line,
    own_steps,
    say,
    span_of_days,
    steps_of,
)
from hub.pages.views.choice import Choice
from hub.pages.views.door import Chip
from hub.pages.words import Words

K = NoticeKind
_TONES = {
    NoticeState.WAITING: ("", "clock"),
    NoticeState.SENDING: ("wait", "clock"),
    NoticeState.SENT: ("good", "check"),
    NoticeState.FAILED: ("bad", "alert"),
    NoticeState.DROPPED: ("", "cross"),
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A row of the outbox."""

    id: str
    booking_id: str
    key: str
    kind: str
    channel: str
    to: str
    chip: Chip
    why: str
    when: str
    tries: str
    asked: bool
    contact: str = field(repr=False)
    phone: str = field(repr=False)


def notice_line(seen: NoticeView, words: Words) -> NoticeLine:
    """Give a row's line."""
    row, booking, t = seen.notice, seen.booking, words.t
    tone, icon = _TONES[row.state]
    waits = row.state in (NoticeState.WAITING, NoticeState.SENDING)
    return NoticeLine(
        id=row.id,
        booking_id=row.booking_id,
        key=(grouped(booking.number) or booking.reservation_key) if booking else "",
        kind=t(f"notice_kind.{row.kind}"),
        channel=t(f"notice_channel.{row.channel}"),
        to=masked(row.channel, row.address),
        chip=Chip(tone, icon, t(f"notice_state.{row.state}")),
        why=t(f"notice_why.{row.why}") if row.why else "",
        when=words.when(row.next_at if waits else row.ended_at or row.next_at),
        tries=t("notices.tries", count=row.tries) if row.tries > 1 else "",
        asked=row.explicit,
        contact=booking.contact.name if booking else "",
        phone=booking.contact.phone if booking else "",
    )


def kind_choices(state: BookingState, words: Words) -> list[Choice]:
    """Give what may be sent again of a booking in a state."""
    return [Choice(each.value, words.t(f"notice_kind.{each}")) for each in MAY_ASK[state]]


# --- what would be sent --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """A message about a made-up booking."""

    kind: str
    subject: str
    text: str


def sample_facts(words: Words, phone: str, town: Names) -> Facts:
    """A booking that is nobody's, tomorrow evening."""
    today = words.now.astimezone(words.zone).replace(hour=19, minute=0, second=0, microsecond=0)
    start = today + timedelta(days=1)
    booked = (start, start + timedelta(hours=2))
    around = (start - timedelta(minutes=10), booked[1] + timedelta(minutes=10))
    box = Names("鍵箱 1", "", "Key box 1")
    return Facts(
        town=town,
        facility=Names(
            "中央公民館 大ホール", "中央（ちゅうおう）公民館（こうみんかん）", "Main hall"
        ),
        doors=(Names("正面入口", "", "Front door"),),
        boxes=((box, "器具庫"),),
        address="鍵守町本町 1-2-3",
        map_url="",
        phone=phone or "0123-45-6789",
        name="山田 花子",
        number="482 109",
        booked=booked,
        effective=around,
        confirmed=True,
        released=True,
        reason="",
        several=False,
        closing="",
        pins=(HolderPin("山田 花子", "482716"),),
        codes=(BoxCode(box, "器具庫", "山田 花子", "123456789", around),),
    )


def previews(facts: Facts, words: Words) -> tuple[Preview, ...]:
    """Give what each kind of message looks like, in the page's language."""
    found = []
    for kind in K:
        without = kind not in (K.REMINDER, K.PIN_CHANGED)
        shown = _without_digits(facts, waits=kind is K.REQUESTED) if without else facts
        was = (shown.booked[0] - timedelta(hours=1), shown.booked[1])
        wanted = Wanted(
            kind=kind,
            changed=(PIN_WORD,) if kind is K.PIN_CHANGED else ("window",),
            was=was if kind is K.CHANGED else None,
            link="https://example.jp/p/…" if kind not in (K.CANCELLED, K.REJECTED) else "",
            stop_link="https://example.jp/u/…",
        )
        said = say(shown, wanted, words)
        text = as_text([*said.blocks, *said.footer])
        found.append(Preview(words.t(f"notice_kind.{kind}"), said.subject, text))
    return tuple(found)


def _without_digits(facts: Facts, *, waits: bool) -> Facts:
    return Facts(
        town=facts.town,
        facility=facts.facility,
        doors=facts.doors,
        boxes=facts.boxes,
        address=facts.address,
        map_url=facts.map_url,
        phone=facts.phone,
        name=facts.name,
        number=facts.number,
        booked=facts.booked,
        effective=facts.effective,
        confirmed=not waits,
        released=not waits,
        reason=facts.reason,
        several=facts.several,
        closing=facts.closing,
    )


# --- on paper ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaperSheet:
    """What is printed and handed over."""

    facility: str
    when: str
    usable: str
    doors: str
    name: str = field(repr=False)
    numbers: tuple[tuple[str, tuple[str, ...]], ...] = field(repr=False)
    boxes: tuple[str, ...]
    steps: tuple[str, ...]
    arrive: tuple[str, ...]
    leave: tuple[str, ...]
    address: str
    map_url: str
    phone: str
    closing: str
    number: str
    printed: str


def paper_sheet(facts: Facts, words: Words, printed: datetime) -> PaperSheet:
    """Give the sheet of a booking."""
    language = words.t.language
    doors = (one_line(each.in_(language)) for each in facts.doors)
    return PaperSheet(
        facility=one_line(facts.facility.in_(language)),
        when=span_of_days(facts.booked, words),
        usable=span_of_days(facts.effective, words),
        doors=words.t("words.comma").join(dict.fromkeys(doors)),
        name=facts.name,
        numbers=tuple((what, tuple(said.split(" "))) for what, said in digit_pairs(facts, words)),
        boxes=tuple(one_line(f"{box.in_(language)} {place}") for box, place in facts.boxes),
        steps=tuple(steps_of(facts, words)),
        arrive=own_steps(facts, StepMoment.ARRIVE, words),
        leave=own_steps(facts, StepMoment.LEAVE, words),
        address=one_line(facts.address),
        map_url=facts.map_url,
        phone=facts.phone,
        closing=one_line(facts.closing),
        number=facts.number,
        printed=words.date_time(printed),
    )
