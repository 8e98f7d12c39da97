"""CSV imports as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.csv_bookings.profile import Field, Shape
from hub.csv_bookings.report import Done, LineReport, Report, sentence
from hub.csv_bookings.repository import Import, Profile
from hub.csv_bookings.tables import ImportState
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.tabular.encodings import Encoding

SHOWN: Final = 500
"""So many lines are shown, those refused first; the API gives all."""

_DONE: Final[Mapping[Done, tuple[str, str]]] = {
    Done.MADE: ("good", "check"),
    Done.CHANGED: ("good", "check"),
    Done.UNCHANGED: ("", "check"),
    Done.CANCELLED: ("warn", "cross"),
    Done.PAST: ("", "clock"),
    Done.REFUSED: ("bad", "alert"),
    Done.MISSING: ("warn", "cross"),
}
_STATE: Final[Mapping[ImportState, tuple[str, str]]] = {
    ImportState.RUNNING: ("wait", "clock"),
    ImportState.DONE: ("good", "check"),
    ImportState.FAILED: ("bad", "alert"),
    ImportState.WAITING: ("warn", "bell"),
}
_FIRST: Final = (Done.REFUSED, Done.MISSING, Done.CANCELLED, Done.MADE, Done.CHANGED)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a report."""

    row: str
    key: str
    chip: Chip
    understood: str
    column: str
    why: str


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A report; `sha256` is what the real run names it by."""

    title: str
    sha256: str
    profile_id: str
    read_as: str
    counts: tuple[Chip, ...]
    lines: tuple[ReportLine, ...]
    dry_run: bool
    changes: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import of the history."""

    id: str
    when: str
    profile: str
    file: str
    chip: Chip
    counts: str
    waits: str


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """What the form of a profile shows."""

    id: str
    name: str
    encoding: str
    delimiter: str
    header_row: int
    columns: tuple[tuple[str, str, str], ...]
    facilities: str
    facility: str
    complete: bool
    complete_days: int


def report_card(
    report: Report, profile_id: str, words: Words, facilities: Mapping[str, str]
) -> ReportCard:
    """Give a report: what was refused first, then by row. `facilities` are names by id."""
    order = {done: index for index, done in enumerate(_FIRST)}
    lines = sorted(report.lines, key=lambda one: (order.get(one.done, 9), one.number))
    warnings = []
    if report.missing_held:
        warnings.append(words.t("csv.held"))
    if report.missing_unsafe:
        warnings.append(words.t("csv.unsafe"))
    return ReportCard(
        title=words.t("csv.report" if report.dry_run else "csv.done"),
        sha256=report.sha256,
        profile_id=profile_id,
        read_as=words.t(
            "csv.read_as", encoding=report.encoding, rows=report.rows, skipped=report.skipped
        ),
        counts=tuple(
            Chip(
                *_DONE[Done(done)],
                words.t("csv.count", name=words.t(f"csv_done.{done}"), count=count),
            )
            for done, count in report.counts.items()
        ),
        lines=tuple(_report_line(each, words, facilities) for each in lines[:SHOWN]),
        dry_run=report.dry_run,
        changes=report.changes,
        warnings=tuple(warnings),
    )


def _understood(line: LineReport, words: Words, facilities: Mapping[str, str]) -> str:
    """`体育館 4月10日（金） 18:30–20:30 山田 花子`, as far as it was understood."""
    read = line.understood
    if read is None:
        return ""
    told = [facilities.get(read.facility_id or "", "")]
    if read.starts_at is not None and read.ends_at is not None:
        told += [words.day(words.day_of(read.starts_at)), words.span(read.starts_at, read.ends_at)]
    return " ".join(filter(None, [*told, read.name]))


def _report_line(line: LineReport, words: Words, facilities: Mapping[str, str]) -> ReportLine:
    return ReportLine(
        row=str(line.number or ""),
        key=line.key,
        chip=Chip(*_DONE[line.done], words.t(f"csv_done.{line.done}")),
        understood=_understood(line, words, facilities),
        column=line.column,
        why=sentence(line, words.t),
    )


def import_line(kept: Import, profiles: Mapping[str, str], words: Words) -> ImportLine:
    """Give one import."""
    counts = [
        words.t("csv.count", name=words.t(f"csv_done.{done}"), count=count)
        for done, count in kept.counts.items()
    ]
    waits = kept.state is ImportState.WAITING
    return ImportLine(
        id=kept.id,
        when=words.when(kept.started_at),
        profile=profiles.get(kept.profile_id, ""),
        file=kept.file_name,
        chip=Chip(*_STATE[kept.state], words.t(f"csv_state.{kept.state}")),
        counts=words.t("words.comma").join(counts),
        waits=words.t("csv.confirm", count=len(kept.missing)) if waits else "",
    )


def profile_form(
    profile: Profile | None, facilities: Mapping[str, str], words: Words
) -> ProfileForm:
    """Give the form of a profile, or an empty one; `facilities` are names by id."""
    shape = profile.shape if profile else Shape(columns={})
    mapped = [f"{text} = {facilities.get(each, each)}" for text, each in shape.facilities.items()]
    return ProfileForm(
        id=profile.id if profile else "",
        name=profile.name if profile else "",
        encoding=shape.encoding.value if profile else Encoding.AUTO.value,
        delimiter=shape.delimiter,
        header_row=shape.header_row,
        columns=tuple(
            (field.value, words.t(f"csv_field.{field}"), "+".join(shape.columns.get(field, ())))
            for field in Field
        ),
        facilities="\n".join(mapped),
        facility=shape.facility or "",
        complete=shape.complete,
        complete_days=shape.complete_days,
    )
