"""What goes over HTTP of imports of staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from hub.catalogue import Translator
from hub.staff import examples
from hub.staff.import_repository import Profile, StaffImport
from hub.staff.importing import Tried
from hub.staff.planning import Doing, ProposedLeaver, StaffDone
from hub.staff.profile import HEAD_WORDS, NO_WORDS, OPEN_WORDS, TOTAL_WORDS, Shape
from hub.staff.profile import StaffField as Cell
from hub.staff.rows import Wrong
from hub.staff.schemas import Id, KindCode
from hub.staff.tables import StaffImportState
from hub.tabular.encodings import Encoding
from hub.web import example_ids as ids
from hub.web.fields import BodyIn, RowOut, shown

Word = Annotated[str, Field(min_length=1, max_length=60)]
WordList = Annotated[tuple[Word, ...], Field(max_length=40)]
Column = Annotated[str, Field(min_length=1, max_length=120)]


class StaffProfileIn(BodyIn):
    """How a town's files of staff are written."""

    model_config = shown(examples.PROFILE_IN)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    columns: dict[Cell, Annotated[list[Column], Field(max_length=6)]] = Field(
        description="Each field's columns, by header text or, without a header row, by number."
    )
    constants: dict[Cell, Word] = Field(
        {}, description="What counts where a file has no column for a field, or an empty cell."
    )
    encoding: Encoding = Encoding.AUTO
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    header_row: Annotated[int, Field(ge=0, le=50)] = Field(1, description="0: there is none.")
    kinds: Annotated[dict[Word, KindCode], Field(max_length=200)] = Field(
        {}, description="What stands in the file, and the ordinance's kind that it means."
    )
    number_width: Annotated[int, Field(ge=0, le=40)] = Field(
        0, description="Staff numbers are filled with zeros to so many digits."
    )
    head_words: WordList = HEAD_WORDS
    no_words: WordList = Field(
        NO_WORDS, description="Empty: whatever is no head word says that they lead nothing."
    )
    open_words: WordList = OPEN_WORDS
    total_words: WordList = TOTAL_WORDS
    make_departments: bool = Field(False, description="Codes that are not known are taken up.")
    complete: bool = Field(
        False, description="Files name all staff: who is missing is proposed as a leaver."
    )
    card_namespace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")] = "felica"

    def shape(self) -> Shape:
        """The same as it is stored."""
        given = self.model_dump(exclude={"name", "columns"})
        columns = {field: tuple(names) for field, names in self.columns.items() if names}
        return Shape(columns=columns, **given)


class StaffProfileOut(BaseModel):
    """A profile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ids.STAFF_PROFILE,
                    "name": "人事システム",
                    "shape": msgspec.to_builtins(
                        StaffProfileIn.model_validate(examples.PROFILE_IN).shape()
                    ),
                    **ids.MADE,
                }
            ]
        }
    )

    id: str
    name: str
    shape: dict[str, Any] = Field(description="Columns, constants, encoding, words, kinds.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, kept: Profile) -> StaffProfileOut:
        """Show one."""
        return cls(
            id=kept.id,
            name=kept.name,
            shape=msgspec.to_builtins(kept.shape),
            created_at=kept.created_at,
            updated_at=kept.updated_at,
        )


class StaffImportOut(RowOut):
    """A file that was tried, and perhaps done."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.IMPORT_OUT]}
    )

    id: str
    profile_id: str
    file_name: str
    sha256: str
    effective_on: date
    state: StaffImportState
    tried_at: datetime
    done_at: datetime | None
    expires_at: datetime = Field(description="Until then it can be confirmed.")
    rows: int
    counts: dict[str, int]

    @classmethod
    def of(cls, kept: StaffImport) -> StaffImportOut:
        """Show one."""
        return cls.model_validate(kept)


class ChangeOut(BaseModel):
    """One thing that changes."""

    model_config = shown(examples.ROW_OUT["changes"][0])

    field: str
    before: str
    after: str


class StaffRowOut(BaseModel):
    """What one row does."""

    model_config = shown(examples.ROW_OUT)

    row: int = Field(description="Its first line in the file, from 1.")
    staff_number: str
    name: str
    done: StaffDone
    person_id: str | None = Field(description="Null for somebody who is new.")
    is_blocked: bool = Field(description="Employed, and still blocked at every door.")
    changes: list[ChangeOut]

    @classmethod
    def of(cls, doing: Doing) -> StaffRowOut:
        """Show one."""
        return cls(
            row=doing.row,
            staff_number=doing.number,
            name=doing.name,
            done=doing.done,
            person_id=doing.person_id,
            is_blocked=doing.is_blocked,
            changes=[
                ChangeOut(field=each.field, before=each.before, after=each.after)
                for each in doing.changes
            ],
        )


class WrongOut(BaseModel):
    """One error of a file."""

    model_config = shown(examples.WRONG_OUT)

    row: int
    column: str = Field(description="As the file's header calls it.")
    field: Cell
    code: str
    sentence: str = Field(description="The same in words, in the asker's language.")

    @classmethod
    def of(cls, wrong: Wrong, t: Translator) -> WrongOut:
        """Show one."""
        return cls(
            row=wrong.row,
            column=wrong.column,
            field=wrong.field,
            code=wrong.code,
            sentence=t(f"staff_code.{wrong.code}"),
        )


class ProposedLeaverOut(BaseModel):
    """Somebody employed whom a complete file does not name."""

    model_config = shown(examples.PROPOSED_OUT)

    person_id: str
    staff_number: str
    name: str
    department_id: str

    @classmethod
    def of(cls, found: ProposedLeaver) -> ProposedLeaverOut:
        """Show one."""
        return cls(
            person_id=found.person_id,
            staff_number=found.number,
            name=found.name,
            department_id=found.department_id,
        )


class NewDepartmentOut(BaseModel):
    """A department that a file brings."""

    model_config = shown(examples.NEW_DEPARTMENT_OUT)

    code: str
    name: str
    parent_code: str | None


class StaffReportOut(BaseModel):
    """All that a file does, or did. With errors none of it is done."""

    model_config = shown(examples.REPORT_OUT)

    staff_import: StaffImportOut
    encoding: str = Field(description="As what the file was read.")
    skipped: int = Field(description="Empty rows and totals.")
    rows: list[StaffRowOut]
    wrong: list[WrongOut]
    new_departments: list[NewDepartmentOut]
    leavers: list[ProposedLeaverOut] = Field(
        description="Of a complete file: whom it does not name. Nobody is ended unless named."
    )
    shrinks: bool = Field(description="So many are missing that leavers need `accept_shrink`.")

    @classmethod
    def of(cls, found: Tried, t: Translator) -> StaffReportOut:
        """Show it."""
        return cls(
            staff_import=StaffImportOut.of(found.kept),
            encoding=found.encoding,
            skipped=found.sheet.skipped,
            rows=[StaffRowOut.of(each) for each in found.plan.doings],
            wrong=[WrongOut.of(each, t) for each in found.plan.wrong],
            new_departments=[
                NewDepartmentOut(code=each.code, name=each.name, parent_code=each.parent_code)
                for each in found.plan.departments
            ],
            leavers=[ProposedLeaverOut.of(each) for each in found.plan.leavers],
            shrinks=found.plan.shrinks,
        )


class ConfirmImportIn(BodyIn):
    """Who of the proposed leavers has left."""

    model_config = shown(examples.CONFIRM_IN)

    leavers: Annotated[list[Id], Field(max_length=20_000)] = Field(
        [], description="Their employment ends the day before the file begins to hold."
    )
    accept_shrink: bool = Field(False, description="So many are missing, and that is so.")
