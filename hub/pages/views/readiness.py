"""Readiness as people read it: the board of tomorrow, and figures with their pictures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.readiness.board import URGENT, BookingReadiness, Level
from hub.readiness.figures import Distribution, Figures, LatencyFigures, Rate
from hub.readiness.findings import Found, LockReadiness, Severity

_LEVEL: Final[Mapping[Level, tuple[str, str]]] = {
    Level.LATE: ("bad", "alert"),
    Level.BLOCKED: ("bad", "alert"),
    Level.WAITING: ("wait", "clock"),
    Level.WARNED: ("warn", "check"),
    Level.UNCONFIRMABLE: ("", "key"),
    Level.READY: ("good", "check"),
}
_FOUND: Final = {
    Severity.BLOCKER: ("bad", "alert"),
    Severity.WARNING: ("warn", "bell"),
    Severity.NOTE: ("", "clock"),
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One thing that is wrong, and what to do about it."""

    tone: str
    icon: str
    title: str
    advice: str


@dataclass(frozen=True, slots=True)
class LockLine:
    """One door or key box of a booking."""

    name: str
    path: str
    chip: Chip
    findings: tuple[FindingLine, ...]
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadinessLine:
    """One booking of the board."""

    id: str
    day: str
    span: str
    place: str
    contact: str
    chip: Chip
    deadline: str
    urgent: bool
    locks: tuple[LockLine, ...]


@dataclass(frozen=True, slots=True)
class TomorrowBoard:
    """The board: a summary, what somebody must see to, and everything else."""

    summary: Chip
    urgent_title: str
    urgent: tuple[ReadinessLine, ...]
    others: tuple[ReadinessLine, ...]
    duty: str
    stream_at: int


@dataclass(frozen=True, slots=True)
class Named:
    """Names by id: of facilities, doors and key boxes, as the page's language has them."""

    facilities: Mapping[str, str]
    doors: Mapping[str, str]
    boxes: Mapping[str, str]

    @property
    def locks(self) -> Mapping[str, str]:
        """Doors and key boxes."""
        return {**self.doors, **self.boxes}


def tomorrow_board(
    found: Sequence[BookingReadiness], names: Named, words: Words, duty: str, stream_at: int
) -> TomorrowBoard:
    """Give the board; `found` comes the worst first."""
    lines = [readiness_line(each, names, words) for each in found]
    urgent = tuple(line for line in lines if line.urgent)
    ready = sum(each.level in (Level.READY, Level.WARNED) for each in found)
    return TomorrowBoard(
        summary=_summary(len(found), ready, bool(urgent), words),
        urgent_title=words.t("tomorrow.urgent", count=len(urgent)),
        urgent=urgent,
        others=tuple(line for line in lines if not line.urgent),
        duty=words.t("tomorrow.duty", phone=duty) if duty else "",
        stream_at=stream_at,
    )


def _summary(count: int, ready: int, urgent: bool, words: Words) -> Chip:
    if not count:
        return Chip("", "calendar", words.t("tomorrow.none"))
    if ready == count:
        return Chip("good", "check", words.t("tomorrow.all_ready", count=count))
    tone, icon = ("bad", "alert") if urgent else ("", "clock")
    return Chip(tone, icon, words.t("tomorrow.summary", count=count, ready=ready))


def readiness_line(found: BookingReadiness, names: Named, words: Words) -> ReadinessLine:
    """Give one booking's line."""
    booking = found.booking
    tone, icon = _LEVEL[found.level]
    place = names.facilities.get(booking.facility_id or "", "")
    locks = (*booking.doors, *booking.key_boxes)
    listed = words.t("words.comma").join(names.locks.get(each, "") for each in locks)
    return ReadinessLine(
        id=booking.id,
        day=words.day(words.day_of(booking.booked.starts_at)),
        span=words.span(booking.booked.starts_at, booking.booked.ends_at),
        place=place or listed,
        contact=booking.contact.name,
        chip=Chip(tone, icon, words.t(f"level.{found.level}")),
        deadline=_deadline(found, words),
        urgent=found.level in URGENT,
        locks=tuple(
            _lock_line(each, names, words, late=found.level is Level.LATE) for each in found.locks
        ),
    )


def _deadline(found: BookingReadiness, words: Words) -> str:
    if found.deadline is None or found.ready_at is not None:
        return ""
    key = "tomorrow.deadline_passed" if found.level is Level.LATE else "tomorrow.deadline"
    return words.t(key, time=words.when(found.deadline))


def _lock_line(lock: LockReadiness, names: Named, words: Words, *, late: bool) -> LockLine:
    folder = "doors" if lock.can_confirm else "key_boxes"
    return LockLine(
        name=names.locks.get(lock.lock_id, ""),
        path=f"/{folder}/{lock.lock_id}",
        chip=_lock_chip(lock, words),
        findings=tuple(_finding_line(each, words) for each in lock.findings),
        remedies=tuple(words.t(f"remedy.{each}") for each in lock.remedies)
        if lock.blocked or late
        else (),
    )


def _lock_chip(lock: LockReadiness, words: Words) -> Chip:
    if not lock.can_confirm:
        return Chip("", "key", words.t("tomorrow.cannot_confirm"))
    if lock.blocked:
        return Chip("bad", "alert", words.t("tomorrow.blocked"))
    if lock.confirmed and lock.confirmed_at is not None:
        time = words.when(lock.confirmed_at)
        return Chip("good", "check", words.t("tomorrow.confirmed_since", time=time))
    return Chip("wait", "clock", words.t("tomorrow.not_confirmed"))


def _finding_line(found: Found, words: Words) -> FindingLine:
    tone, icon = _FOUND[found.severity]
    title, advice = (words.t(f"finding.{found.code}.{part}") for part in ("title", "advice"))
    return FindingLine(tone, icon, title, advice)


# --- figures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram, in percent of its box; the label stands below."""

    x: float
    y: float
    width: float
    height: float
    label: str
    label_x: float
    count: int


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One row of a table of latencies."""

    name: str
    count: int
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LatencyCard:
    """One kind of latency: a picture, the same in words, and a table."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    text: str
    rows: tuple[LatencyRow, ...]


@dataclass(frozen=True, slots=True)
class RateRow:
    """The hit rate of a site or a door."""

    name: str
    share: str
    of: str
    percent: float


@dataclass(frozen=True, slots=True)
class FiguresSheet:
    """The page of figures."""

    first: str
    last: str
    town: RateRow | None
    by_site: tuple[RateRow, ...]
    by_door: tuple[RateRow, ...]
    latencies: tuple[LatencyCard, ...]


def figures_sheet(
    found: Figures,
    days: tuple[date, date],
    sites: Mapping[str, str],
    doors: Mapping[str, str],
    words: Words,
) -> FiguresSheet:
    """Give the page. Names that are not given are left out: so is the row."""
    return FiguresSheet(
        first=days[0].isoformat(),
        last=days[1].isoformat(),
        town=_rate_row("", found.town, words) if found.town.share is not None else None,
        by_site=_rate_rows(found.by_site, sites, words),
        by_door=_rate_rows(found.by_door, doors, words),
        latencies=(
            _latency_card("issue", found.issue, words),
            _latency_card("revoke", found.revoke, words),
        ),
    )


def _rate_rows(
    rates: Mapping[str, Rate], names: Mapping[str, str], words: Words
) -> tuple[RateRow, ...]:
    rows = [_rate_row(names[each], one, words) for each, one in rates.items() if each in names]
    return tuple(sorted(rows, key=lambda row: (row.percent, row.name)))


def _rate_row(name: str, found: Rate, words: Words) -> RateRow:
    percent = 100 * (found.share or 0)
    of = words.t("figures.of", count=found.met + found.missed, met=found.met)
    # Never rounded up to a hundred: one miss in a thousand is to be seen.
    return RateRow(name, f"{int(percent * 100) / 100:g} %", of, percent)


def _latency_card(kind: str, found: LatencyFigures, words: Words) -> LatencyCard:
    bars = _bars(found.every, words)
    parts = words.t("words.comma").join(f"{bar.label} {bar.count}" for bar in bars if bar.count)
    return LatencyCard(
        id=kind,
        title=words.t(f"figures.{kind}"),
        bars=bars if found.every.count else (),
        text=words.t("figures.chart", parts=parts),
        rows=tuple(
            _latency_row(name, each, words)
            for name, each in (
                ("every", found.every),
                ("connected", found.connected),
                ("away", found.away),
            )
            if each.count
        ),
    )


def _latency_row(name: str, found: Distribution, words: Words) -> LatencyRow:
    values = (found.p50_s, found.p90_s, found.p99_s, found.max_s)
    return LatencyRow(
        words.t(f"figures.{name}"),
        found.count,
        tuple(duration(each, words) if each is not None else "" for each in values),
    )


def _bars(found: Distribution, words: Words) -> tuple[Bar, ...]:
    highest = max((count for _, count in found.buckets), default=0) or 1
    width = 100 / len(found.buckets)
    bars = []
    for index, (top, count) in enumerate(found.buckets):
        height = 92 * count / highest
        label = words.t("figures.beyond")
        if top is not None:
            label = words.t("figures.up_to", top=duration(top, words))
        bars.append(
            Bar(
                x=round(index * width + width * 0.1, 2),
                y=round(100 - height, 2),
                width=round(width * 0.8, 2),
                height=round(height, 2),
                label=label,
                label_x=round(index * width + width / 2, 2),
                count=count,
            )
        )
    return tuple(bars)


def duration(seconds: float, words: Words) -> str:
    """`0.25 秒`, `5 分`, `1 時間`: two figures are enough."""
    if seconds < 60:
        return words.t("figures.seconds", value=f"{seconds:.2g}")
    if seconds < 3600:
        return words.t("figures.minutes", value=f"{seconds / 60:.3g}")
    return words.t("figures.hours", value=f"{seconds / 3600:.3g}")
