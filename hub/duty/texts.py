"""What a digest says, in Japanese. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.duty.domain import LateLock, Standing
from hub.happenings.domain import HappeningKind
from hub.notices.texts import Block, BlockKind, Said, one_line, span_of_days
from hub.pages.words import Words


def digest_of(found: Sequence[Standing], words: Words, public_url: str, town: str) -> Said:
    """Give the digest of what stands; there is at least one thing."""
    t = words.t
    late = sum(each.kind is HappeningKind.BOOKING_LATE for each in found)
    key = "duty.subject_late" if late == len(found) else "duty.subject"
    blocks: list[Block] = [Block(BlockKind.TEXT, (t("duty.lead"),))]
    for number, each in enumerate(found, 1):
        blocks.extend(_item(number, each, words, public_url))
    footer = Block(BlockKind.SMALL, (one_line(town), t("duty.why")))
    return Said(t(key, count=len(found)), tuple(blocks), (footer,))


def _item(number: int, each: Standing, words: Words, public_url: str) -> Iterable[Block]:
    t = words.t
    kind = each.kind.value.replace(".", "_")
    yield Block(BlockKind.TEXT, (f"{number}. {t(f'duty.{kind}')}",))
    pairs = [(t(key), one_line(value)) for key, value in each.facts if value]
    if each.window is not None:
        pairs.insert(1, (t("notice.when"), span_of_days(each.window, words)))
    yield Block(BlockKind.FACTS, pairs=tuple(pairs))
    for lock in each.locks:
        yield Block(BlockKind.TEXT, tuple(_lock(lock, words)))
    if not each.locks:
        yield Block(BlockKind.TEXT, (t(f"duty.{kind}_do"),))
    yield Block(BlockKind.LINK, pairs=((t("duty.open"), f"{public_url}{each.path}"),))


def _lock(lock: LateLock, words: Words) -> Iterable[str]:
    t = words.t
    yield f"■ {one_line(lock.name)}"
    for code in lock.findings:
        yield f"・{t(f'finding.{code}.title')}：{t(f'finding.{code}.advice')}"
    for code in lock.remedies:
        yield f"→ {t(f'remedy.{code}')}"
