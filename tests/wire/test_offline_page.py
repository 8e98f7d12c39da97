"""docs/offline-pin.md says what the code does: its tables, its example and its figures."""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.wire import make_code_vectors as made
from wire.code_guessing import (
    CALM_S,
    DAY_S,
    LEVEL_MAX,
    LOCKOUT_MAX_S,
    LOCKOUT_S,
    TRIES,
    guess_chance,
    most_tries,
    one_in,
    table,
)
from wire.offline_profiles import (
    EARLY_S,
    EPOCH,
    LIFETIME_S,
    MAX_BOUND,
    PROFILES,
    Profile,
    Shape,
)
from wire.sealed_codes import KEY_LABEL, ROUND_LABEL, ROUNDS, CodeVerdict

PAGE = (Path(__file__).parents[2] / "docs" / "offline-pin.md").read_text(encoding="utf-8")
QUARTER = PROFILES["quarter"]
EXAMPLE: dict[str, Any] = json.loads(made.VECTORS.read_text(encoding="utf-8"))["profiles"][0]
GRIDS = {900: "15 min", 3_600: "1 h", 10_800: "3 h", 43_200: "12 h", 86_400: "24 h"}


def rows_under(header: str) -> list[list[str]]:
    """The cells of the table whose first row is that header."""
    lines = PAGE[PAGE.index(f"\n{header}\n") + 1 :].splitlines()[2:]
    table_lines = lines[
        : next(n for n, line in enumerate([*lines, ""]) if not line.startswith("|"))
    ]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table_lines]


def told_shapes(profile: Profile) -> list[list[str]]:
    """The rows of a profile's shapes, those of one grid and use together."""
    rows = []
    numbered = list(enumerate(profile.shapes))
    for (grid_s, once), group in groupby(numbered, lambda one: (one[1].grid_s, one[1].once)):
        shapes = list(group)
        unit_s, unit = (86_400, "d") if grid_s >= 43_200 else (3_600, "h")
        durations = ", ".join(f"{shape.duration_s / unit_s:g}" for _, shape in shapes)
        numbers = f"{shapes[0][0]}–{shapes[-1][0]}"
        use = ", one-time" if once else ""
        rows.append([profile.name, numbers, GRIDS[grid_s], f"{durations} {unit}{use}"])
    return rows


def test_the_profiles_are_those_of_the_page() -> None:
    header = "| no. | name | digits | generations | ahead | variants | drift |"
    assert rows_under(header) == [
        [
            str(profile.number),
            profile.name,
            str(profile.digits),
            str(profile.generations),
            str(profile.ahead),
            str(profile.variants),
            f"{profile.drift_s} s",
        ]
        for profile in PROFILES.values()
    ]


def test_the_shapes_are_those_of_the_page() -> None:
    expected = [row for profile in PROFILES.values() for row in told_shapes(profile)]
    assert rows_under("| name | shapes | grid | durations |") == expected


def test_a_profile_built_from_the_page_alone_is_the_profile() -> None:
    """Whoever implements the page gets the same windows, in the same order."""
    by_name = {text: grid_s for grid_s, text in GRIDS.items()}
    heads = rows_under("| no. | name | digits | generations | ahead | variants | drift |")
    for number, name, digits, generations, ahead, variants, drift in heads:
        shapes: list[Shape] = []
        for row in rows_under("| name | shapes | grid | durations |"):
            if row[0] != name:
                continue
            match = re.fullmatch(r"([\d., ]+) ([hd])(, one-time)?", row[3])
            assert match is not None
            unit_s = {"h": 3_600, "d": 86_400}[match[2]]
            shapes += [
                Shape(by_name[row[2]], int(float(each) * unit_s), match[3] is not None)
                for each in match[1].split(", ")
            ]
        built = Profile(
            int(number),
            name,
            int(digits),
            tuple(shapes),
            int(generations),
            int(ahead),
            int(variants),
            int(drift.removesuffix(" s")),
        )
        assert built == PROFILES[name]


def test_bounds_and_chances_are_those_that_the_command_prints() -> None:
    assert f"<!-- python -m wire.code_guessing -->\n{table()}\n" in PAGE


def test_the_example_is_the_vectors() -> None:
    code, rounds = EXAMPLE["example"]["code"], EXAMPLE["example"]["rounds"]
    header = "| i | L | R | first 8 bytes of h | m | mod m |"
    assert rows_under(header) == [
        [
            str(one["round"]),
            str(one["left"]),
            str(one["right"]),
            f"`{one['digest'][:16]}`",
            str(one["modulus"]),
            str(one["value"]),
        ]
        for one in rounds
    ]
    left, right = rounds[-1]["left_after"], rounds[-1]["right_after"]
    assert f"After the last round L = {left}, R = {right}. The code is `{code['digits']}`" in PAGE
    assert f"key = {EXAMPLE['key']}" in PAGE
    assert f"The first round hashes `{rounds[0]['message']}`" in PAGE
    assert f"lock `{EXAMPLE['lock']}`" in PAGE
    assert f"(tag `{code['tag']}`)" in PAGE
    place = f"({code['slot']} · {QUARTER.generations} + {code['generation']}) · {QUARTER.variants}"
    assert f"Payload = 0 + {place} + {code['variant']} = {code['payload']}" in PAGE
    assert code["start"] == "2026-11-28T09:30:00+00:00"  # 18:30 in Japan


def test_the_verdicts_are_those_of_the_page() -> None:
    rows = rows_under("| verdict | when | spends a try |")
    said = {row[0].replace(" ", "_"): "yes" in row[2] for row in rows}
    assert said == {verdict.value: verdict.spends_try for verdict in CodeVerdict}


FREE_WINDOWS = sum(range(1, 14 * 96 + 1))
EVERY_LENGTH = sum(range(1, 673)) + sum(range(29, 368))
"""Windows of every hour up to 28 days and every day from 29 to 367 that hold one moment."""
HUNDRED = one_in(guess_chance(QUARTER, DAY_S, locks=100))
ROUND = {name: one.generations - one.ahead + 1 for name, one in PROFILES.items()}
FIGURES = [
    f'"{KEY_LABEL.decode()}"',
    f'"{ROUND_LABEL.decode()}"',
    f"for i = 0 … {ROUNDS - 1}:",
    f"({EPOCH:%Y-%m-%dT%H:%M:%SZ})",
    f"({LIFETIME_S // DAY_S:,} days)",
    f"start > latest, by {EARLY_S:,} s at most",
    f"≤   1 / {MAX_BOUND.denominator:,}",
    f"lockout of {LOCKOUT_S // 60} min · 2^level, at most {LOCKOUT_MAX_S // 3_600} h",
    f"to {LEVEL_MAX} at most",
    f"{CALM_S // 3_600} h without a wrong entry",
    f"{ {5: 'Five'}[TRIES] } tries. Each wrong entry spends one",
    f"wins 1 time in {one_in(guess_chance(QUARTER, 365 * DAY_S)).split()[-1]}, with",
    f"{HUNDRED} in a day, for {100 * most_tries(DAY_S):,} entries",
    f"{FREE_WINDOWS:,} windows contain any given moment",
    f"one in {10**9 // FREE_WINDOWS:,} then opens",
    f"(in profile `quarter` {round(100 * QUARTER.capacity / 10**9)} in 100)",
    f"reached after {int(QUARTER.drift_s / 20e-6) // DAY_S} days",
    f"(13 in profiles 1 and 2, {ROUND['hour_8']} in profile 3, {ROUND['stay']} in profile 4)",
    f"{30 * 365 * 25 // 10_000 * 10_000:,} codes with known windows",
    f"1 part in {10**9 // 270_000 // 100 * 100:,} at nine digits, 1 in {10**8 // 270_000} at eight",
    f"at ten it is 1 in {10**10 // 270_000 // 1_000 * 1_000:,}.",
    f"{EVERY_LENGTH:,} windows contain any given moment, before a second generation",
    f"one in {10**10 // EVERY_LENGTH:,} opens, of 9-digit ones one in {10**9 // EVERY_LENGTH:,}.",
]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_of_the_page_is_the_codes(figure: str) -> None:
    assert figure in PAGE


def test_generations_that_come_round_are_as_many_in_the_first_two_profiles() -> None:
    assert ROUND["quarter"] == ROUND["hour"] == 13
