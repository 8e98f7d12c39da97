"""Linear regression with Gaussian priors, integrated in closed form. Pure.

For residuals r = B beta + e, with beta_k ~ N(0, sd_k) and e of known precision p, the likelihood
of r and the mean of beta follow from A = p B'B + diag(sd ** -2) (Bishop, Pattern Recognition and
Machine Learning, 2006, 3.3). The columns stay the same over a whole grid: their products are taken
once. The determinant of A is left out on purpose: how much room a prior gives to what is a
nuisance should not speak for one depth against another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of B, the precision of the scatter, and B'B times it."""

    columns: tuple[tuple[float, ...], ...]
    precision: float
    products: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[Sequence[float]], precision: float) -> Columns:
        """Take the products of columns of equal length."""
        kept = tuple(tuple(each) for each in columns)
        products = tuple(tuple(precision * sum(map(mul, a, b)) for b in kept) for a in kept)
        return cls(kept, precision, products)

    def under(self, spreads: Sequence[float]) -> Prior:
        """Give the regression under priors of these standard deviations."""
        matrix = [list(row) for row in self.products]
        for i, spread in enumerate(spreads):
            matrix[i][i] += spread**-2.0
        return Prior(self, tuple(map(tuple, inverted(matrix))))


@dataclass(frozen=True, slots=True)
class Prior:
    """A regression, ready for residuals."""

    of: Columns
    inverse: tuple[tuple[float, ...], ...]

    def fit(self, residuals: Sequence[float]) -> tuple[float, list[float]]:
        """Give the log-likelihood of residuals (up to what is the same for all) with the
        coefficients at their means, priors included, and those means."""
        precision = self.of.precision
        h = [precision * sum(map(mul, column, residuals)) for column in self.of.columns]
        beta = [sum(map(mul, row, h)) for row in self.inverse]
        misfit = precision * sum(map(mul, residuals, residuals)) - sum(map(mul, h, beta))
        return -0.5 * misfit, beta


def inverted(matrix: Matrix) -> Matrix:
    """Give the inverse of a symmetric positive definite matrix; raise `ValueError` for another."""
    n = len(matrix)
    work = [row[:] + [float(i == j) for j in range(n)] for i, row in enumerate(matrix)]
    for i in range(n):
        pivot = work[i][i]
        if pivot <= 0:
            raise ValueError("not positive definite")
        work[i] = [each / pivot for each in work[i]]
        for j in range(n):
            if j != i and work[j][i]:
                factor = work[j][i]
                work[j] = [a - factor * b for a, b in zip(work[j], work[i], strict=True)]
    return [row[n:] for row in work]
