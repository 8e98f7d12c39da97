"""What goes over HTTP of CSV imports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from hub.catalogue import Translator
from hub.csv_bookings.profile import (
    CANCELLED_WORDS,
    CONFIRMED_WORDS,
    PAID_WORDS,
    REQUESTED_WORDS,
    TOTAL_WORDS,
    UNPAID_WORDS,
    Shape,
    Words,
)
from hub.csv_bookings.profile import Field as Cell
from hub.csv_bookings.report import Done, LineReport, Report, sentence
from hub.csv_bookings.repository import Import, Profile
from hub.csv_bookings.tables import ImportState
from hub.tabular.encodings import Encoding
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, shown

_ID = ids.CSV_PROFILE
_HALL = ids.FACILITY
EXAMPLE_FILE = (
    "予約番号,施設名,利用日,開始,終了,申請者,状態\r\n"
    "2026-0417,大ホール,2026/04/17,18:00,20:00,山田 花子,確定\r\n"
)
"""A file that the example of a profile reads."""
_SHA = "ab" * 32
Word = Annotated[str, Field(min_length=1, max_length=60)]
WordList = Annotated[tuple[Word, ...], Field(max_length=40)]
FacilityId = Annotated[str, Field(min_length=1, max_length=80)]
Column = Annotated[str, Field(min_length=1, max_length=120)]


_PROFILE: Final[dict[str, Any]] = {
    "name": "体育館",
    "columns": {
        "key": ["予約番号"],
        "facility": ["施設名"],
        "date": ["利用日"],
        "start": ["開始"],
        "end": ["終了"],
        "name": ["申請者"],
        "state": ["状態"],
    },
    "encoding": "auto",
    "facilities": {"大ホール": _HALL},
    "complete": False,
}


class CsvProfileIn(BodyIn):
    """How a town's files are written."""

    model_config = shown(_PROFILE)

    name: Annotated[
        str, Field(min_length=1, max_length=64, pattern=r"^[^/\\.\x00-\x1f][^/\\\x00-\x1f]*$")
    ] = Field(description="Also the name of its subfolder of the folder that is watched.")
    columns: dict[Cell, Annotated[list[Column], Field(max_length=6)]] = Field(
        description="Each field's columns, by header text or, without a header row, by number."
    )
    encoding: Encoding = Encoding.AUTO
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    header_row: Annotated[int, Field(ge=0, le=50)] = Field(1, description="0: there is none.")
    facilities: Annotated[dict[Word, FacilityId], Field(max_length=500)] = Field(
        {}, description="What stands in the file, and the id of the facility that it means."
    )
    facility: FacilityId | None = Field(None, description="Of a file that names none.")
    key_prefix: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9._:-]*$")] = ""
    cancelled_words: WordList = CANCELLED_WORDS
    requested_words: WordList = REQUESTED_WORDS
    confirmed_words: WordList = CONFIRMED_WORDS
    paid_words: WordList = PAID_WORDS
    unpaid_words: WordList = UNPAID_WORDS
    total_words: WordList = TOTAL_WORDS
    complete: bool = Field(
        False, description="A booking of an earlier file that is missing in this one is cancelled."
    )
    complete_days: Annotated[int, Field(ge=1, le=400)] = 60

    def shape(self) -> Shape:
        """The same as it is stored."""
        return Shape(
            columns={field: tuple(names) for field, names in self.columns.items() if names},
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_row=self.header_row,
            facilities=self.facilities,
            facility=self.facility,
            key_prefix=self.key_prefix,
            words=Words(
                cancelled=self.cancelled_words,
                requested=self.requested_words,
                confirmed=self.confirmed_words,
                paid=self.paid_words,
                unpaid=self.unpaid_words,
                totals=self.total_words,
            ),
            complete=self.complete,
            complete_days=self.complete_days,
        )


class CsvProfileOut(BaseModel):
    """A profile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "name": "体育館",
                    "shape": msgspec.to_builtins(CsvProfileIn.model_validate(_PROFILE).shape()),
                    "created_at": "2026-04-06T00:00:00Z",
                    "changed_at": "2026-04-06T00:00:00Z",
                }
            ]
        }
    )

    id: str
    name: str
    shape: dict[str, Any] = Field(description="Columns, encoding, words, facilities.")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, kept: Profile) -> CsvProfileOut:
        """Show one."""
        return cls(
            id=kept.id,
            name=kept.name,
            shape=msgspec.to_builtins(kept.shape),
            created_at=kept.created_at,
            changed_at=kept.changed_at,
        )


_LINE: dict[str, Any] = {
    "row": 4,
    "key": "2026-0417",
    "done": "refused",
    "code": "facility_unmapped",
    "column": "施設名",
    "sentence": "施設の名前が登録と結びついていません",
    "detail": "",
}


class LineOut(BaseModel):
    """What became of one line, or would."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINE]})

    row: int = Field(description="From 1; 0 for a booking that a complete file lacks.")
    key: str
    done: Done
    code: str = Field(description="Why it was refused; empty for what was done.")
    column: str
    sentence: str = Field(description="The same in words, in the asker's language.")
    detail: str

    @classmethod
    def of(cls, line: LineReport, t: Translator) -> LineOut:
        """Show one."""
        return cls(
            row=line.number,
            key=line.key,
            done=line.done,
            code=line.code,
            column=line.column,
            sentence=sentence(line, t),
            detail=line.detail,
        )


class ReportOut(BaseModel):
    """What came of a file, line by line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sha256": _SHA,
                    "encoding": "cp932",
                    "rows": 1,
                    "skipped": 2,
                    "dry_run": True,
                    "import_id": None,
                    "missing_held": False,
                    "missing_unsafe": False,
                    "counts": {"refused": 1},
                    "lines": [_LINE],
                }
            ]
        }
    )

    sha256: str
    encoding: str = Field(description="As what the file was read.")
    rows: int
    skipped: int = Field(description="Empty rows and totals.")
    dry_run: bool
    import_id: str | None
    missing_held: bool = Field(description="Too many are missing: somebody has to confirm.")
    missing_unsafe: bool = Field(description="A line without a key: nothing is called missing.")
    counts: dict[str, int]
    lines: list[LineOut]

    @classmethod
    def of(cls, report: Report, t: Translator) -> ReportOut:
        """Show one."""
        return cls(
            sha256=report.sha256,
            encoding=report.encoding,
            rows=report.rows,
            skipped=report.skipped,
            dry_run=report.dry_run,
            import_id=report.import_id,
            missing_held=report.missing_held,
            missing_unsafe=report.missing_unsafe,
            counts=report.counts,
            lines=[LineOut.of(each, t) for each in report.lines],
        )


class ImportOut(BaseModel):
    """An import that was done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ids.CSV_IMPORT,
                    "profile_id": _ID,
                    "file_name": "april.csv",
                    "sha256": _SHA,
                    "state": "waiting",
                    "started_at": "2026-04-06T00:00:00Z",
                    "ended_at": "2026-04-06T00:00:02Z",
                    "rows": 40,
                    "counts": {"made": 2, "unchanged": 38, "missing": 21},
                    "missing": ["2026-0417"],
                }
            ]
        }
    )

    id: str
    profile_id: str
    file_name: str
    sha256: str
    state: ImportState
    started_at: datetime
    ended_at: datetime | None
    rows: int
    counts: dict[str, int]
    missing: list[str] = Field(description="Keys that wait for somebody to confirm.")

    @classmethod
    def of(cls, kept: Import) -> ImportOut:
        """Show one."""
        return cls(
            id=kept.id,
            profile_id=kept.profile_id,
            file_name=kept.file_name,
            sha256=kept.sha256,
            state=kept.state,
            started_at=kept.started_at,
            ended_at=kept.ended_at,
            rows=kept.rows,
            counts=kept.counts,
            missing=kept.missing,
        )
