"""A terminal shows as little of a name as its setting says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.people.display_names import form_of, shown_name
from hub.people.domain import Person
from hub.sites.domain import NameForm
from wire.policy_bodies import EntryState

AT = datetime(2026, 11, 20, tzinfo=UTC)


def person(
    name: str = "山田 花子", kana: str = "ヤマダ ハナコ", number: str | None = "1001"
) -> Person:
    return Person(
        id="p",
        name=name,
        name_kana=kana,
        name_en="",
        staff_number=number,
        organisation="",
        state=EntryState.ACTIVE,
        anti_passback_exempt=False,
        long_unlock=False,
        starts_at=None,
        ends_at=None,
        forgiven=0,
        forgiven_at=None,
        created_at=AT,
        updated_at=AT,
    )


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (NameForm.FAMILY, "山田"),
        (NameForm.FULL, "山田 花子"),
        (NameForm.KANA, "ヤマダ"),
        (NameForm.STAFF_NUMBER, "1001"),
        (NameForm.NONE, ""),
    ],
)
def test_each_form(form: NameForm, shown: str) -> None:
    assert shown_name(person(), form) == shown


@pytest.mark.parametrize(
    ("name", "kana", "shown"),
    [
        ("山田\u3000花子", "", "山田"),
        ("山田花子", "ヤマダ ハナコ", "ヤマダ"),
        ("山田花子", "ヤマダハナコ", ""),
        ("  ", "", ""),
    ],
)
def test_a_family_name_is_never_cut_by_guess(name: str, kana: str, shown: str) -> None:
    assert shown_name(person(name, kana), NameForm.FAMILY) == shown


def test_the_default_is_the_family_name_and_a_form_nobody_knows_shows_nothing() -> None:
    assert form_of({}) is NameForm.FAMILY
    assert form_of({"terminal_names": "everything"}) is NameForm.NONE
