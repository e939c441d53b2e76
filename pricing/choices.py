"""Conditional logit with effects drawn to their families' means: one choice a request.

Pure. Source: McFadden (1974), "Conditional logit analysis of qualitative choice behavior", eq. 12;
spreads of the effects by EM on the Laplace approximation, as in Stiratelli, Laird & Ware (1984),
"Random-effects models for serial observations with binary response", Biometrics 40, 961-971.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Choices", "Family", "fit_choices", "shares"]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]
Sparse = Any  # scipy.sparse ships no types

_ROUNDS = 25
_USUAL_COUNT = 2.0  # how many effects the usual spread weighs as much as


@dataclass(frozen=True)
class Family:
    """A run of `size` parameters around `centre`; a `learned` spread starts at `spread`."""

    size: int
    centre: float
    spread: float
    learned: bool


class Choices(NamedTuple):
    """Fitted parameters, in the families' order, and their covariance."""

    mean: Vector
    covariance: Vector


def shares(utility: Vector, request: Index, requests: int) -> Vector:
    """Return each row's probability of being chosen among the rows of its request.

    Examples
    --------
    >>> shares(np.log([1.0, 3.0, 5.0]), np.array([0, 0, 1]), 2).round(6).tolist()
    [0.25, 0.75, 1.0]
    """
    top = np.full(requests, -np.inf)
    np.maximum.at(top, request, utility)
    grown = np.exp(utility - top[request])
    return np.asarray(grown / np.bincount(request, grown, requests)[request])


def fit_choices(design: Sparse, request: Index, chosen: Vector, families: list[Family]) -> Choices:
    """Fit the parameters by penalised likelihood, learning how far families spread.

    Parameters
    ----------
    design
        Sparse, shape (rows, parameters): what makes each row's utility.
    request
        Request of each row, counted from 0; every request has one row with `chosen` 1, others 0.
    families
        The parameters' families, in their order.
    """
    requests = int(request.max()) + 1
    member = np.repeat(np.arange(len(families)), [family.size for family in families])
    centre = np.array([family.centre for family in families])[member]
    spread = np.array([family.spread for family in families])
    usual = spread.copy()
    ones = np.ones(len(request))
    of_request = sparse.csr_matrix((ones, (request, np.arange(len(request)))))
    mean = centre.copy()
    covariance = np.zeros((len(mean), len(mean)))
    for _ in range(_ROUNDS):
        precision = 1 / spread[member] ** 2
        chance = shares(design @ mean, request, requests)
        slope = design.T @ (chosen - chance) - precision * (mean - centre)
        weighted = sparse.diags(chance) @ design
        by_request = of_request @ weighted
        bend = (design.T @ weighted - by_request.T @ by_request).toarray() + np.diag(precision)
        covariance = np.linalg.inv(bend)
        step = covariance @ slope
        mean = mean + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        squares = (mean - centre) ** 2 + np.diag(covariance)
        for index, family in enumerate(families):
            if family.learned and family.size:
                total = squares[member == index].sum() + _USUAL_COUNT * usual[index] ** 2
                spread[index] = np.sqrt(total / (family.size + _USUAL_COUNT))
        if float(np.abs(step).max()) < 1e-4:
            break
    return Choices(mean, covariance)
