"""What goes over HTTP of payroll: profiles, previews, what was handed out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

import msgspec
from pydantic import BaseModel, Field

from hub.payroll.profile import (
    ClockForm,
    Column,
    DateForm,
    FileEncoding,
    MinuteForm,
    Pad,
    Profile,
    Quoting,
    RowKind,
)
from hub.payroll.repository import Handover, KeptProfile
from hub.payroll.service import Preview
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, shown

_COLUMN: Final[dict[str, Any]] = {
    "title": "職員番号",
    "field": "staff_number",
    "pad": "zero",
    "width": 8,
}
_PROFILE: Final[dict[str, Any]] = {
    "title": "庶務システム取込",
    "rows": "month",
    "columns": [
        _COLUMN,
        {"title": "年月", "field": "month", "date": "plain"},
        {"title": "125/100", "field": "paid:overtime", "minutes": "hours"},
        {"title": "予備", "text": ""},
    ],
    "encoding": "cp932",
    "file_name": "kintai_{month}.csv",
}
Word = Annotated[str, Field(max_length=100)]


class ExportColumnIn(BodyIn):
    """One column: a field of the row, or the same text in every row."""

    model_config = shown(_COLUMN)

    title: Annotated[str, Field(max_length=100)] = ""
    field: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="Its code; `GET /api/v1/payroll/fields` lists them."
    )
    text: Annotated[str, Field(max_length=200)] = Field(
        "", description="The same in every row; empty for a blank filler column."
    )
    minutes: MinuteForm = MinuteForm.BASE_60
    places: Annotated[int, Field(ge=0, le=6)] = Field(2, description="Of decimal hours.")
    clock: ClockForm = ClockForm.HOURS_48
    date: DateForm = DateForm.SLASHES
    words: Annotated[dict[Word, Word], Field(max_length=100)] = Field(
        {}, description="Replaces values: the payroll system's own code for a kind, say."
    )
    pad: Pad = Pad.NONE
    width: Annotated[int, Field(ge=1, le=200)] | None = Field(
        None, description="The most characters of a cell, and what it is filled up to."
    )
    zero_is_empty: bool = False

    def column(self) -> Column:
        """The same as it is stored."""
        return Column(**self.model_dump())


class ExportProfileIn(BodyIn):
    """How a payroll system wants its file."""

    model_config = shown(_PROFILE)

    title: Annotated[str, Field(min_length=1, max_length=64)]
    rows: RowKind
    columns: Annotated[list[ExportColumnIn], Field(min_length=1, max_length=200)]
    encoding: FileEncoding = FileEncoding.CP932
    crlf: bool = True
    header: bool = True
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quoting: Quoting = Quoting.MINIMAL
    skip_empty: bool = Field(False, description="Leave out rows without any minute.")
    file_name: Annotated[str, Field(max_length=100)] = Field(
        "kintai_{month}.csv", description="`{month}` becomes 2026-11, `{department}` its name."
    )

    def profile(self) -> Profile:
        """The same as it is stored."""
        given = self.model_dump(exclude={"columns"})
        return Profile(columns=tuple(each.column() for each in self.columns), **given)


def _stored(profile: Profile) -> dict[str, Any]:
    """Give a profile as JSON has it: lists, no tuples."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(profile))
    return found


class ExportProfileOut(BaseModel):
    """A profile. `id` null and `name` the file's: one that comes with the hub, to be copied."""

    model_config = shown(
        {
            "id": ids.EXPORT_PROFILE,
            "name": "庶務システム取込",
            "profile": _stored(ExportProfileIn.model_validate(_PROFILE).profile()),
            "changed_at": "2026-04-01T00:15:00Z",
        }
    )

    id: str | None
    name: str
    profile: dict[str, Any]
    changed_at: datetime | None

    @classmethod
    def of(cls, kept: KeptProfile) -> ExportProfileOut:
        """A town's own."""
        profile = _stored(kept.profile)
        return cls(id=kept.id, name=kept.name, profile=profile, changed_at=kept.changed_at)

    @classmethod
    def shipped(cls, name: str, profile: Profile) -> ExportProfileOut:
        """One that comes with the hub."""
        return cls(id=None, name=name, profile=_stored(profile), changed_at=None)


class ExportFieldOut(BaseModel):
    """A field that a column can show."""

    model_config = shown({"code": "paid:overtime.night", "rows": "month", "unit": "minutes"})

    code: str
    rows: RowKind
    unit: str


class UnwritableCellOut(BaseModel):
    """A cell that stops a file; rows and columns count from 1, the header included."""

    model_config = shown(
        {
            "row": 3,
            "column": 2,
            "title": "氏名",
            "code": "no_such_character",
            "staff_number": "77",
            "character": "𠮷",
        }
    )

    row: int
    column: int
    title: str
    code: str
    staff_number: str
    character: str


class ExportPreviewOut(BaseModel):
    """The first rows of a file as it would be now, and what stops it."""

    model_config = shown(
        {
            "rows": [["職員番号", "年月", "125/100", "予備"], ["00001234", "202611", "10", ""]],
            "wrong": [],
            "more_wrong": 0,
            "people": 1,
            "open_people": 0,
        }
    )

    rows: list[list[str]]
    wrong: list[UnwritableCellOut]
    more_wrong: int = Field(description="So many cells besides.")
    people: int
    open_people: int = Field(description="So many months are not closed: only a draft goes out.")

    @classmethod
    def of(cls, found: Preview) -> ExportPreviewOut:
        """Show it."""
        wrong = [
            UnwritableCellOut(
                row=each.row,
                column=each.column,
                title=each.title,
                code=each.code,
                staff_number=each.staff_number,
                character=each.character,
            )
            for each in found.wrong
        ]
        return cls(
            rows=[list(row) for row in found.rows],
            wrong=wrong,
            more_wrong=found.more,
            people=found.people,
            open_people=found.open_people,
        )


class HandoverOut(BaseModel):
    """A file that was handed out."""

    model_config = shown(
        {
            "id": ids.HANDOVER,
            "at": "2026-12-03T01:00:00Z",
            "actor": f"session:{ids.USER}",
            "what": "monthly-classes",
            "month": "2026-11-01",
            "department_id": None,
            "people": 120,
            "bytes": 9120,
            "sha256": "ab" * 32,
            "draft": False,
        }
    )

    id: str
    at: datetime
    actor: str
    what: str = Field(description="The profile's name, `workbook`, or the format of punches.")
    month: date
    department_id: str | None
    people: int
    bytes: int
    sha256: str
    draft: bool = Field(description="Some month in it was still open.")

    @classmethod
    def of(cls, kept: Handover) -> HandoverOut:
        """Show it."""
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})
