"""docs/policy.md says what `decide` does: every row of every table, and every word of a reason."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.policy_entries import read_entry
from tests.edge.core.conftest import World
from tests.edge.core.policy_page import PHRASES, Case, Row, tables, truth_rows
from wire.messages import Rejected
from wire.policy import EntryRejection
from wire.reasons import Reason

ROWS = list(truth_rows())


def new_case() -> Case:
    return Case(World())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{'; '.join(row.given)} | {row.shown}")
def test_a_row_of_a_truth_table_is_what_the_door_does(row: Row):
    assert new_case().apply(row.given).told(row.shown) == row.told


def test_no_row_stands_twice_and_no_phrase_is_idle():
    keys = [(row.given, row.shown) for row in ROWS]
    assert len(set(keys)) == len(keys) > 100
    used = {phrase for row in ROWS for phrase in row.given}
    used |= {rule for shown in ("A card:", "A person's PIN:") for rule, *_ in pairs(shown)}
    assert used == set(PHRASES)


# --- pairs ---------------------------------------------------------------------------------------


def pairs(shown: str) -> Iterator[tuple[str, str, str]]:
    """Rule, rule and what is told where both speak, from one of the two matrices; a rule with
    itself: told alone."""
    rows = list(tables("Each pair of rules"))
    heads = [number for number, row in enumerate(rows) if row[:3] == ["", "rule", "alone"]]
    begin = heads[0] if shown == "A card:" else heads[1]
    end = heads[1] if shown == "A card:" else len(rows)
    letters = rows[begin][3:]
    rules = dict(zip(letters, rows[begin + 1 : end], strict=True))
    for number, (letter, row) in enumerate(rules.items()):
        assert row[0] == letter
        for other, cell in list(zip(letters, row[3:], strict=True))[number:]:
            told = {"·": row[2], "*": "below_floor", "-": "-"}.get(cell)
            yield row[1], rules[other][1], told or rules[cell][2]


@pytest.mark.parametrize(("shown", "what"), [("A card:", "card"), ("A person's PIN:", "PIN")])
def test_a_cell_of_a_pair_table_is_what_the_door_does(shown: str, what: str):
    checked, wrong = 0, []
    for one, other, told in pairs(shown):
        if told == "-":
            continue
        rules = (one,) if one == other else (one, other)
        for given in itertools.permutations(rules) if not _ordered(rules) else [rules]:
            got = new_case().apply(given).told(what).split(",")[0]
            checked += 1
            if got != told:
                wrong.append(f"{given}: the page says {told}, the door {got}")
    assert not wrong, "\n".join(wrong)
    assert checked > 450


def _ordered(rules: tuple[str, ...]) -> bool:
    """Whether the later of two orders is told: these are given in the order of the rows alone."""
    return set(rules) in ({"emergency", "lockdown"}, {"locked", "hold"})


def test_a_pair_that_cannot_be_is_refused_or_one_of_both():
    impossible = {frozenset((a, b)) for a, b, told in pairs("A card:") if told == "-"}
    assert impossible == {frozenset({"not yet", "over"})}
    with pytest.raises(ValueError, match="a window ends after it starts"):
        new_case().apply(("not yet", "over"))


# --- what spans, and the words -------------------------------------------------------------------


@pytest.mark.parametrize("row", list(tables("What spans controllers"))[1:], ids=lambda row: row[0])
def test_what_spans_controllers_is_refused_or_soft(row: list[str]):
    rule, alone, spanning = row
    field = "occupancy_max" if "occupancy_max" in rule else "anti_passback"
    value = "1" if field == "occupancy_max" else f'"{rule.split("`")[1]}"'
    for spans, expected in (("false", alone), ("true", spanning)):
        body = f'{{"{field}":{value},"spans":{spans}}}'
        entry = read_entry(f'{{"kind":"zone","id":"z","rev":1,"body":{body}}}'.encode())
        if expected == "refused":
            assert isinstance(entry, Rejected)
            assert entry.reason is EntryRejection.BAD_BODY
            continue
        case = new_case()
        case.zone.update({field: entry.body.occupancy_max or entry.body.anti_passback})
        case.zone["spans"] = entry.body.spans
        case.later.append(lambda case: case.goes("me" if field == "anti_passback" else "other"))
        decision = case.build().show("card")
        assert (decision.granted, decision.soft is not None) == {
            "enforced": (False, False),
            "reported": (True, True),
        }[expected]


def test_the_reasons_are_told_in_the_catalogue_s_words():
    words = tomllib.loads(Path("hub/catalogue/entries.toml").read_text("utf-8"))["reason"]
    listed = list(tables("The reasons"))[1:]
    assert [row[0] for row in listed] == [reason.value for reason in Reason]
    for name, outcome, *told in listed:
        assert outcome == {"grant": "opens", "deny": "denies"}[Reason(name).outcome.value]
        assert told == [words[name][language] for language in ("ja", "ja-easy", "en")]
