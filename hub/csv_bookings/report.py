"""What came of a file, line by line; the same shape for the trial run and the real one. Pure."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import StringIO

from hub.catalogue import Translator


class Done(StrEnum):
    """What was done about a line, or would be."""

    MADE = "made"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CANCELLED = "cancelled"
    PAST = "past"
    """Its time is over and there is no booking of that key: nothing to do."""
    REFUSED = "refused"
    MISSING = "missing"
    """Of a complete file: the booking is not in it, and was cancelled or waits for somebody."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a line was read as, for somebody to look whether its columns are the right ones."""

    facility_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LineReport:
    """One line. `number` counts the file's lines from 1 (0 for a key that is missing); `code` and
    `column` say why and where it was refused, `detail` what else is known of that, in English."""

    number: int
    key: str
    done: Done
    code: str = ""
    column: str = ""
    detail: str = ""
    understood: Understood | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A file's report. `missing_held`: so many bookings are missing in a complete file that none
    was cancelled, and somebody has to confirm."""

    sha256: str
    encoding: str
    rows: int
    skipped: int
    lines: tuple[LineReport, ...]
    dry_run: bool
    import_id: str | None = None
    missing_held: bool = False
    missing_unsafe: bool = False
    """Lines that could not be understood: what is missing cannot be told, so nothing is."""

    @property
    def changes(self) -> bool:
        """Whether doing it changes anything."""
        idle = (Done.UNCHANGED, Done.PAST, Done.REFUSED)
        return any(line.done not in idle for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines had each end."""
        found = Counter(line.done for line in self.lines)
        return {each.value: found[each] for each in Done if found[each]}


def sentence(line: LineReport, t: Translator) -> str:
    """Give the sentence that explains a refusal; empty for what was done."""
    if not line.code:
        return ""
    for key in (f"csv_code.{line.code}", f"problem.{line.code}.title"):
        if t.has(key):
            return t(key)
    return line.code


def as_csv(report: Report, t: Translator) -> str:
    """Give the report as a file to lay beside the one it is about."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([t(f"csv.{name}") for name in ("row", "key", "done_column", "column", "why")])
    for line in report.lines:
        done = t(f"csv_done.{line.done}")
        writer.writerow([line.number or "", _safe(line.key), done, line.column, sentence(line, t)])
    return out.getvalue()


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" else text
