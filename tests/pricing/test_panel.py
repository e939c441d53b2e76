import numpy as np
import pytest

from pricing.panel import Panel, smoothed


@pytest.fixture
def panel() -> Panel:
    draw = np.random.default_rng(2)
    item = np.repeat(np.arange(30), 20)
    period = draw.integers(0, 20, 600)
    return Panel.of(item, np.arange(30) % 4, period)


def test_sums_agree_with_loops(panel):
    values = np.arange(600.0)
    assert panel.by_item(values)[7] == values[panel.item == 7].sum()
    assert panel.by_group(values)[2] == values[panel.item_group[panel.item] == 2].sum()
    cell = panel.cell[100]
    same = (panel.group == panel.group[100]) & (panel.period == panel.period[100])
    assert panel.by_cell(values)[cell] == values[same].sum()
    assert panel.cell_group[cell] == panel.group[100]
    assert panel.cell_period[cell] == panel.period[100]


def test_alternating_projections_agree_with_regression_on_dummies(panel):
    draw = np.random.default_rng(3)
    values, weight = draw.normal(size=(1, 600)), draw.uniform(0.5, 2, 600)
    dummies = np.hstack([np.eye(30)[panel.item], np.eye(len(panel.cell_group))[panel.cell]])
    root = np.sqrt(weight)
    fitted = dummies @ np.linalg.lstsq(dummies * root[:, None], values[0] * root, rcond=None)[0]
    found = panel.within_cells(panel.within_items(values, weight), weight, rounds=60)
    assert found[0] == pytest.approx(values[0] - fitted, abs=1e-6)


def test_smoothing_keeps_a_trend_and_drops_a_season():
    week = np.arange(156.0)
    season = np.sin(2 * np.pi * week / 13)
    found = smoothed(0.01 * week + season, np.ones(156), periods_per_cycle=104)
    assert found[26:-26] == pytest.approx(0.01 * week[26:-26], abs=0.03)


def test_two_periods_have_their_mean_as_trend():
    assert smoothed(np.array([1.0, 4.0]), np.array([2.0, 1.0]), periods_per_cycle=9).tolist() == [
        2.0,
        2.0,
    ]
