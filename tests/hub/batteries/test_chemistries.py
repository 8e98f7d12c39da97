"""The tables of chemistries, and the regression beneath the forecast."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from hub.batteries.chemistries import STEPS, chemistries
from hub.batteries.domain import ChemistryKind
from hub.batteries.regression import Columns, inverted


@pytest.mark.parametrize("kind", list(ChemistryKind))
def test_every_chemistry_falls_from_new_to_empty(kind: ChemistryKind) -> None:
    """All the way, past empty too; its cutoff lies within, near the end."""
    found = chemistries()[kind]
    assert all(a > b for a, b in pairwise(found.table))
    assert 0.85 < found.depth_at(found.cutoff_mv) < 1
    for step in (0, 1, 137, 500, 999, STEPS):
        assert found.depth_at(found.table[step]) == pytest.approx(step / STEPS, abs=2 / STEPS)
    assert found.depth_at(1e6) == 0
    assert found.depth_at(-1e6) > 1


def test_the_regression_finds_what_was_put_in() -> None:
    """With a wide prior; with a narrow one it stays near zero. The truth is likelier than the
    same residuals with a step in them."""
    random = Random(5)
    columns = [[1.0] * 40, [n / 10 for n in range(40)], [random.gauss(0, 1) for _ in range(40)]]
    truth = (3.0, -2.0, 0.5)
    residuals = [
        sum(c * each[n] for c, each in zip(truth, columns, strict=True)) + random.gauss(0, 0.05)
        for n in range(40)
    ]
    made = Columns.of(columns, 0.05**-2)
    likely, beta = made.under((10, 10, 10)).fit(residuals)
    assert beta == pytest.approx(truth, abs=0.05)
    assert made.under((1e-4, 1e-4, 1e-4)).fit(residuals)[1] == pytest.approx((0, 0, 0), abs=0.1)
    stepped = [each + (n > 20) for n, each in enumerate(residuals)]
    assert made.under((10, 10, 10)).fit(stepped)[0] < likely - 10


def test_what_has_no_inverse_is_refused() -> None:
    inverse = inverted([[2.0, 1.0], [1.0, 2.0]])
    assert inverse == [pytest.approx([2 / 3, -1 / 3]), pytest.approx([-1 / 3, 2 / 3])]
    with pytest.raises(ValueError, match="definite"):
        inverted([[1.0, 2.0], [2.0, 1.0]])
