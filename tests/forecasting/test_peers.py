import warnings

import numpy as np
import pytest
from statsforecast.models import IMAPA, TSB, CrostonSBA, Naive, SeasonalNaive

from forecasting.peers import PEERS

RNG = np.random.default_rng(11)
HISTORIES = [
    RNG.poisson(rate, size=length).astype(float)
    for rate, length in [(0.2, 40), (0.6, 27), (3.0, 30), (0.05, 60)]
]
THEIRS = {
    "naive": Naive(),
    "seasonal naive": SeasonalNaive(season_length=12),
    "SBA": CrostonSBA(),
    "TSB": TSB(alpha_d=0.1, alpha_p=0.1),
    "IMAPA": IMAPA(),
}


@pytest.mark.parametrize("name", sorted(THEIRS))
@pytest.mark.parametrize("past", HISTORIES, ids=["rare", "some", "many", "rarest"])
def test_a_peer_is_statsforecasts(name: str, past: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = THEIRS[name].forecast(y=past, h=14)["mean"]
    # IMAPA searches its constant on a grid, statsforecast by golden section
    tolerance = 0.02 if name == "IMAPA" else 1e-6
    np.testing.assert_allclose(PEERS[name](past, 14, 12), expected, rtol=tolerance)


@pytest.mark.parametrize("name", sorted(PEERS))
def test_nothing_sold_is_forecast_as_nothing(name: str) -> None:
    assert PEERS[name](np.zeros(5), 3, 12).tolist() == [0, 0, 0]
