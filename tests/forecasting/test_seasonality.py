from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from forecasting.panel import Panel, panel_of
from forecasting.periods import event_shares
from forecasting.seasonality import seasonality_of


def daily(rate: np.ndarray, days: list[date], series: int, seed: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    return panel_of(
        pl.DataFrame(
            {
                "series_id": np.repeat(np.arange(series), len(days)),
                "period_start": days * series,
                "quantity": rng.poisson(rate, size=(series, len(days))).ravel(),
            }
        ),
        "D",
    )


def monthly(rate: np.ndarray, seed: int = 1) -> Panel:
    series, periods = rate.shape
    days = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(periods)]
    units = np.random.default_rng(seed).poisson(rate)
    return panel_of(
        pl.DataFrame(
            {
                "series_id": np.repeat(np.arange(series), periods),
                "period_start": days * series,
                "quantity": units.ravel(),
            }
        ),
        "M",
    )


def test_demand_without_seasons_has_none() -> None:
    found = seasonality_of(monthly(np.full((200, 48), 2.0)))
    assert found.pooled["month"].tolist() == pytest.approx([1.0] * 12, abs=0.03)
    assert found.variance == {"month": 0.0}


def test_a_shared_season_is_found() -> None:
    wave = 1 + 0.5 * np.sin(np.arange(48) / 12 * 2 * np.pi)
    found = seasonality_of(monthly(np.full((200, 1), 3.0) * wave))
    assert found.pooled["month"].tolist() == pytest.approx(wave[:12].tolist(), abs=0.08)


def test_parts_with_seasons_of_their_own_get_them() -> None:
    wave = 0.8 * np.sin(np.arange(48) / 12 * 2 * np.pi)
    rate = np.vstack([np.tile(80 * (1 + wave), (40, 1)), np.tile(80 * (1 - wave), (40, 1))])
    panel = monthly(rate)
    seasonality = seasonality_of(panel)
    indices = seasonality.indices(panel)
    assert seasonality.variance["month"] > 0.1
    ahead = seasonality.factors(panel, indices, panel.end, panel.end + 12)
    assert ahead[0].tolist() == pytest.approx((1 + wave[:12]).tolist(), abs=0.25)
    assert ahead[-1].tolist() == pytest.approx((1 - wave[:12]).tolist(), abs=0.25)


def test_holidays_and_ramadan_are_found() -> None:
    days = [date(2022, 1, 1) + timedelta(days=n) for n in range(800)]
    shares = event_shares(days, "D")
    rate = 5.0 * (1 - 0.8 * shares["holiday"]) * (1 + 0.6 * shares["ramadan"])
    found = seasonality_of(daily(rate, days, series=60))
    assert found.events["holiday"] == pytest.approx(0.2, abs=0.12)
    assert found.events["ramadan"] == pytest.approx(1.6, abs=0.15)


def test_ramadan_moves_through_the_year() -> None:
    days = [date(2024, 3, 15), date(2025, 3, 15), date(2025, 4, 10), date(2100, 1, 1)]
    assert event_shares(days, "D")["ramadan"].tolist() == [1, 1, 0, 0]
    assert event_shares([date(2025, 3, 1)], "M")["ramadan"].tolist() == pytest.approx([29 / 31])
