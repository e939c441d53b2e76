from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pricing
from cli.main import run


def _sales() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    log_price = draw.normal(0, 0.15, (8, 40))
    monday = date(2025, 1, 6)
    return pl.DataFrame(
        {
            "item_id": [f"00{item}" for item in range(8) for _ in range(40)],
            "group_id": ["brakes"] * 160 + ["filters"] * 160,
            "period_start": [monday + timedelta(weeks=week) for week in range(40)] * 8,
            "units": draw.poisson(np.exp(2.5 - 2 * log_price)).ravel(),
            "price": (100 * np.exp(log_price)).round(2).ravel(),
            "unit_cost": [75.0] * 320,
        }
    )


SALES = _sales()


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        run(["price", *map(str, words)])
    return int(stop.value.code or 0)


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    SALES.write_csv(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_it_writes_what_the_library_returns(sales: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    assert call(sales, "--largest-change", 0.05, "--ending-step", 5, "--out", out) == 0
    model = pricing.fit_elasticities(SALES)
    rails = pricing.GuardRails(largest_change=0.05, ending_step=5)
    advice = pricing.suggest_prices(model, model.items.select("item_id"), rails)
    if suffix == "csv":
        found = pl.read_csv(out, schema_overrides={"item_id": pl.String, "reason": pl.String})
    else:
        found = pl.read_parquet(out)
    assert found["item_id"].to_list() == [f"00{item}" for item in range(8)]
    assert found["suggested_price"].to_list() == pytest.approx(advice["suggested_price"].to_list())
    assert found["elasticity"].to_list() == pytest.approx(model.table()["elasticity"].to_list())
    named = found["clamps"].fill_null("").to_list()
    assert named == [" ".join(names) for names in advice["clamps"]]


def test_it_draws_a_chart(sales: Path, tmp_path: Path) -> None:
    plot = tmp_path / "chart.svg"
    assert call(sales, "--out", tmp_path / "out.csv", "--plot", plot) == 0
    assert plot.read_text().startswith("<svg")


def test_it_says_nothing_when_not_on_a_terminal(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(sales, "--out", tmp_path / "out.csv") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("price"), "history.price: expected a column of numbers"),
        (lambda f: f.with_columns(units=-pl.col("units") - 1), "history.units: expected values"),
        (lambda f: pl.concat([f, f]), "expected one row for each, found duplicates"),
        (lambda f: f.with_columns(period_start=pl.lit("soon")), "history.period_start: expected"),
        (lambda f: f.with_columns(price=pl.lit(float("nan"))), "history.price: expected finite"),
        (lambda f: f.clear(), "SALES: expected rows below the header"),
    ],
)
def test_bad_sales_give_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change, message: str
) -> None:
    path, out = tmp_path / "bad.csv", tmp_path / "out.csv"
    change(SALES).write_csv(path)
    assert call(path, "--out", out) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert [file.name for file in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--largest-change", "2"], "--largest-change: expected 0 to 0.999"),
        (["--margin-floor", "1"], "--margin-floor: expected"),
        (["--price-floor", "9", "--price-ceiling", "8"], "--price-floor: expected at most"),
        (["--confidence", "nan"], "--confidence: expected 0 to 1"),
        (["--plot", "chart.txt"], "--plot: expected a file ending in"),
    ],
)
def test_bad_options_give_one_line_and_no_file(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words, message: str
) -> None:
    assert call(sales, "--out", tmp_path / "out.csv", *words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "none.csv", "--out", tmp_path / "out.csv") == 2
    assert "none.csv" in capsys.readouterr().err


def test_sales_without_costs_get_elasticities_and_no_advice(tmp_path: Path) -> None:
    path, out = tmp_path / "sales.parquet", tmp_path / "out.parquet"
    SALES.drop("unit_cost").write_parquet(path)
    assert call(path, "--out", out) == 0
    found = pl.read_parquet(out)
    assert (found["elasticity"] < 0).all()
    assert set(found["reason"]) == {"no unit cost is known"}
