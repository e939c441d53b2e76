import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from pricing.choices import Family, fit_choices, shares


@pytest.fixture
def market():
    draw = np.random.default_rng(2)
    request = np.repeat(np.arange(400), 4)
    design = draw.normal(size=(1600, 3))
    utility = design @ np.array([-2.0, 0.5, 0.0]) + draw.gumbel(size=1600)
    chosen = np.zeros(1600)
    chosen[utility.reshape(400, 4).argmax(1) + np.arange(400) * 4] = 1
    return design, request, chosen


def test_fixed_effects_maximise_the_penalised_likelihood(market):
    design, request, chosen = market

    def loss(parameters):
        chance = shares(design @ parameters, request, 400)
        return -np.log(chance[chosen > 0]).sum() + (parameters**2).sum() / 2 / 3**2

    exact = minimize(loss, np.zeros(3), tol=1e-10).x
    found = fit_choices(
        sparse.csr_matrix(design), request, chosen, [Family(3, 0.0, 3.0, learned=False)]
    )
    assert found.mean == pytest.approx(exact, abs=1e-4)
    assert found.mean == pytest.approx([-2.0, 0.5, 0.0], abs=0.35)


def test_effects_that_do_not_differ_are_drawn_together():
    draw = np.random.default_rng(4)
    request = np.repeat(np.arange(300), 5)
    shop = draw.integers(0, 60, 1500)
    design = sparse.csr_matrix((np.ones(1500), (np.arange(1500), shop)), shape=(1500, 60))
    chosen = np.zeros(1500)
    chosen[draw.integers(0, 5, 300) + np.arange(300) * 5] = 1
    found = fit_choices(design, request, chosen, [Family(60, 0.0, 0.4, learned=True)])
    assert found.mean.std() < 0.15


def test_effects_that_differ_are_kept_apart():
    draw = np.random.default_rng(4)
    true = draw.normal(0, 1.0, 40)
    request = np.repeat(np.arange(1500), 5)
    shop = draw.integers(0, 40, 7500)
    utility = true[shop] + draw.gumbel(size=7500)
    chosen = np.zeros(7500)
    chosen[utility.reshape(1500, 5).argmax(1) + np.arange(1500) * 5] = 1
    design = sparse.csr_matrix((np.ones(7500), (np.arange(7500), shop)), shape=(7500, 40))
    found = fit_choices(design, request, chosen, [Family(40, 0.0, 0.4, learned=True)])
    assert np.corrcoef(found.mean, true)[0, 1] > 0.95
    assert found.mean.std() == pytest.approx(true.std(), rel=0.15)
