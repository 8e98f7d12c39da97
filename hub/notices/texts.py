"""What a message says, in the contact's language. Pure: facts in, subject and blocks out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from markupsafe import Markup, escape

from hub.bookings.steps import StepMoment
from hub.bookings.steps import steps_of as facility_steps
from hub.notices.coalescing import PIN_WORD
from hub.notices.domain import ENDINGS, NoticeKind
from hub.notices.facts import Facts
from hub.pages.words import Words, pin_groups

K = NoticeKind
_STEP_KINDS: Final = frozenset({K.REMINDER, K.CONFIRMED})
_PIN_TO_COME: Final = frozenset({K.CONFIRMED, K.CHANGED, K.PAID})


class BlockKind(StrEnum):
    """What a block of a message looks like."""

    TEXT = "text"
    FACTS = "facts"
    DIGITS = "digits"
    STEPS = "steps"
    LINK = "link"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a message: lines, or pairs of a label and a value."""

    kind: BlockKind
    lines: tuple[str, ...] = field(default=(), repr=False)
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said beside the facts."""

    kind: NoticeKind
    changed: tuple[str, ...] = ()
    was: tuple[datetime, datetime] | None = None
    told_before: bool = False
    pin_never: bool = False
    unsure: bool = False
    link: str = field(default="", repr=False)
    stop_link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, ready for any channel. Its digits stand in the blocks alone."""

    subject: str
    blocks: tuple[Block, ...] = field(repr=False)
    footer: tuple[Block, ...] = field(default=(), repr=False)


def say(facts: Facts, wanted: Wanted, words: Words) -> Said:
    """Give the message about a booking."""
    kind, t = wanted.kind, words.t
    blocks: list[Block] = []
    if facts.name:
        blocks.append(_text(t("notice.greeting", name=one_line(facts.name))))
    lead = [t(f"notice.lead_{kind}")]
    if not facts.confirmed and kind in (K.CHANGED, K.PAID, K.PIN_CHANGED):
        lead.append(t("notice.still_waits"))
    blocks.append(_text(*lead))
    blocks.append(Block(BlockKind.FACTS, pairs=tuple(_facts(facts, wanted, words))))
    if kind not in ENDINGS:
        blocks.extend(_digits(facts, wanted, words))
        blocks.extend(_link(facts, wanted, words))
        blocks.extend(_facility_steps(facts, wanted, words))
    elif kind is K.CANCELLED and facts.boxes:
        blocks.append(_text(t("notice.box_still_opens")))
    if facts.closing:
        blocks.append(_text(one_line(facts.closing)))
    return Said(_subject(facts, wanted, words), tuple(blocks), _footer(facts, wanted, words))


def one_line(text: str) -> str:
    """Give a text without line breaks and control characters, for headers and single lines."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(*lines: str) -> Block:
    return Block(BlockKind.TEXT, lines)


def _subject(facts: Facts, wanted: Wanted, words: Words) -> str:
    kind = wanted.kind.value
    if wanted.kind is K.REMINDER and not (facts.pins or facts.codes):
        kind = "reminder_link"
    day = words.day(words.day_of(facts.booked[0]))
    facility = one_line(facts.facility.in_(words.t.language))
    return one_line(words.t(f"notice.subject_{kind}", facility=facility, day=day))


def _facts(facts: Facts, wanted: Wanted, words: Words) -> Iterable[tuple[str, str]]:
    t, language = words.t, words.t.language
    yield t("notice.facility"), one_line(facts.facility.in_(language))
    if wanted.was is not None and wanted.was != facts.booked:
        yield t("notice.was"), span_of_days(wanted.was, words)
    yield t("notice.when"), span_of_days(facts.booked, words)
    if wanted.kind in ENDINGS:
        if facts.reason:
            yield t("notice.reason"), one_line(facts.reason)
    else:
        if facts.effective != facts.booked or "effective" in wanted.changed:
            yield t("notice.usable"), span_of_days(facts.effective, words)
        if facts.doors:
            named = (one_line(each.in_(language)) for each in facts.doors)
            yield t("notice.doors"), t("words.comma").join(dict.fromkeys(named))
        for box, place in facts.boxes:
            hung = one_line(f"{box.in_(language)} {place}")
            yield t("notice.box"), hung
        if facts.address:
            yield t("notice.address"), one_line(facts.address)
        if facts.map_url:
            yield t("notice.map"), facts.map_url
    yield t("notice.number"), facts.number
    if facts.phone:
        yield t("notice.phone"), one_line(facts.phone)


def span_of_days(window: tuple[datetime, datetime], words: Words) -> str:
    """`4月6日（月） 19:00–21:00`, with the date of the end where it is another's."""
    return f"{words.day(words.day_of(window[0]))} {words.span(*window)}"


def digit_pairs(facts: Facts, words: Words) -> list[tuple[str, str]]:
    """Give each number with what it is for, its digits in groups."""
    t, language = words.t, words.t.language
    pairs = []
    for pin in facts.pins:
        named = facts.several and pin.holder
        label = t("notice.pin_of", name=one_line(pin.holder)) if named else t("notice.pin")
        pairs.append((label, " ".join(pin_groups(pin.digits))))
    for code in facts.codes:
        box = one_line(code.box.in_(language))
        named = facts.several and code.holder
        label = (
            t("notice.code_of", box=box, name=one_line(code.holder))
            if named
            else t("notice.code", box=box)
        )
        pairs.append((label, " ".join(pin_groups(code.digits))))
    return pairs


def _digits(facts: Facts, wanted: Wanted, words: Words) -> Iterable[Block]:
    t = words.t
    if not (facts.pins or facts.codes):
        if facts.confirmed and not facts.released:
            yield _text(t("notice.pin_held" if wanted.told_before else "notice.pin_after_paying"))
        elif facts.confirmed and wanted.kind in _PIN_TO_COME and not wanted.pin_never:
            yield _text(t("notice.pin_later"))
        return
    yield Block(BlockKind.DIGITS, pairs=tuple(digit_pairs(facts, words)))
    lines = []
    told = PIN_WORD in wanted.changed and wanted.kind is not K.CONFIRMED
    replaced = wanted.kind is K.PIN_CHANGED or told
    if replaced:
        lines.append(t("notice.new_only"))
    elif (
        wanted.told_before
        and wanted.kind is K.CHANGED
        and set(wanted.changed) <= {"window", "effective"}
    ):
        lines.append(t("notice.pin_same"))
    if wanted.unsure:
        lines.append(t("notice.unsure"))
    lines.append(t("notice.keep_secret"))
    yield _text(*lines)
    if wanted.kind in _STEP_KINDS:
        yield Block(BlockKind.STEPS, lines=tuple(steps_of(facts, words)))


def steps_of(facts: Facts, words: Words) -> list[str]:
    """How to get in, step by step."""
    t, language = words.t, words.t.language
    steps = []
    if facts.pins:
        named = (one_line(each.in_(language)) for each in facts.doors)
        doors = t("words.comma").join(dict.fromkeys(named))
        steps += [
            t("pin.step_type", doors=doors),
            f"{t('pin.step_confirm')} [{t('pin.confirm_key')}]",
            t("pin.step_open"),
        ]
    for box in dict.fromkeys(one_line(each.box.in_(language)) for each in facts.codes):
        steps += [
            t("pin.box_step_type", box=box),
            f"{t('pin.step_confirm')} [{t('pin.confirm_key')}]",
            t("pin.box_step_take"),
            t("pin.box_step_return"),
            t("pin.box_step_close"),
        ]
    return steps


def _facility_steps(facts: Facts, wanted: Wanted, words: Words) -> Iterable[Block]:
    """What the facility asks: behind everything else, for it may be long."""
    if wanted.kind not in _STEP_KINDS or not (facts.pins or facts.codes):
        return
    for moment in StepMoment:
        lines = own_steps(facts, moment, words)
        if lines:
            yield _text(words.t(f"pin.{moment}"))
            yield Block(BlockKind.STEPS, lines=lines)


def own_steps(facts: Facts, moment: StepMoment, words: Words) -> tuple[str, ...]:
    """Give what the facility asks on arriving or on leaving."""
    found = facility_steps(facts.steps, moment, words.t.language)
    return tuple(one_line(each) for each in found)


def _link(facts: Facts, wanted: Wanted, words: Words) -> Iterable[Block]:
    if wanted.link:
        what = words.t("notice.link" if facts.confirmed else "notice.link_waiting")
        yield Block(BlockKind.LINK, pairs=((what, wanted.link),))
        yield _text(words.t("notice.link_once"))


def _footer(facts: Facts, wanted: Wanted, words: Words) -> tuple[Block, ...]:
    small = [one_line(facts.town.in_(words.t.language)), words.t("notice.automatic")]
    blocks = [Block(BlockKind.SMALL, tuple(small))]
    if wanted.stop_link:
        blocks.append(Block(BlockKind.LINK, pairs=((words.t("notice.stop"), wanted.stop_link),)))
    return tuple(blocks)


# --- as text, as HTML --------------------------------------------------------------------------


def as_text(blocks: Sequence[Block]) -> str:
    """Give a message as plain text."""
    return "\n\n".join(_plain(each) for each in blocks) + "\n"


def _plain(block: Block) -> str:
    match block.kind:
        case BlockKind.FACTS:
            return "\n".join(f"{label}: {value}" for label, value in block.pairs)
        case BlockKind.DIGITS | BlockKind.LINK:
            return "\n".join(f"{label}\n{value}" for label, value in block.pairs)
        case BlockKind.STEPS:
            return "\n".join(f"{number}. {line}" for number, line in enumerate(block.lines, 1))
        case _:
            return "\n".join(block.lines)


_PAGE: Final = Markup(
    '<!doctype html><html lang="{}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{}</title></head>'
    '<body style="margin:0;padding:16px;background:#ffffff;color:#1b1b1b;'
    'font-family:sans-serif;font-size:16px;line-height:1.6"><div style="max-width:34em">{}</div>'
    "</body></html>"
)


def as_html(said: Said, language: str) -> str:
    """Give a message as a simple HTML page: no image, no script, nothing from outside."""
    blocks = Markup("").join(_html(each) for each in said.blocks)
    footer = Markup("").join(_html(each) for each in said.footer)
    return str(_PAGE.format(language, said.subject, blocks + Markup("<hr>") + footer))


def _html(block: Block) -> Markup:
    match block.kind:
        case BlockKind.FACTS:
            rows = Markup("").join(
                Markup(
                    '<tr><th align="left" valign="top" style="padding:2px 12px 2px 0;'
                    'font-weight:normal;color:#555555">{}</th>'
                    '<td style="padding:2px 0">{}</td></tr>'
                ).format(label, _linked(value))
                for label, value in block.pairs
            )
            return Markup("<table>{}</table>").format(rows)
        case BlockKind.DIGITS:
            return Markup("").join(
                Markup(
                    '<p style="margin:12px 0 0">{}</p><p style="margin:0;font-size:34px;'
                    'font-weight:bold;letter-spacing:2px">{}</p>'
                ).format(label, value)
                for label, value in block.pairs
            )
        case BlockKind.STEPS:
            lines = Markup("").join(Markup("<li>{}</li>").format(line) for line in block.lines)
            return Markup("<ol>{}</ol>").format(lines)
        case BlockKind.LINK:
            return Markup("").join(
                Markup('<p><a href="{}">{}</a></p>').format(url, label)
                for label, url in block.pairs
            )
        case BlockKind.SMALL:
            small = Markup("<br>").join(escape(line) for line in block.lines)
            return Markup('<p style="color:#555555;font-size:14px">{}</p>').format(small)
        case _:
            return Markup("<p>{}</p>").format(Markup("<br>").join(map(escape, block.lines)))


def _linked(value: str) -> Markup:
    if value.startswith("https://"):
        return Markup('<a href="{}">{}</a>').format(value, value)
    return escape(value)
