from datetime import date
from pathlib import Path

import polars as pl
import pytest

import forecasting
from cli.main import run

SALES = pl.DataFrame(
    {
        "series_id": ["007"] * 6 + ["12"] * 6,
        "period_start": [date(2024, month, 1) for month in range(1, 7)] * 2,
        "quantity": [0, 1, 0, 2, 0, 1, 5, 4, 6, 5, 5, 4],
    }
)


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        run(["forecast", *map(str, words)])
    return int(stop.value.code or 0)


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    SALES.write_csv(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_it_writes_what_the_library_returns(sales: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    assert call(sales, "--freq", "M", "--horizon", 2, "--quantiles", "0.5,0.9", "--out", out) == 0
    expected = forecasting.forecast(SALES, horizon=2, freq="M", quantiles=[0.5, 0.9])
    if suffix == "parquet":
        assert pl.read_parquet(out).equals(expected)
    else:
        assert out.read_text() == expected.write_csv()


def test_the_sum_over_a_lead_time_is_one_row_a_series(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    assert call(sales, "--freq", "M", "--horizon", 3, "--lead-time-sum", "--out", out) == 0
    answer = pl.read_parquet(out)
    assert answer["series_id"].to_list() == ["007", "12"]
    assert answer["step"].to_list() == [0, 0]
    assert answer.columns[4:] == ["q0.1", "q0.5", "q0.9"]


def test_it_draws_a_chart(sales: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "out.csv", tmp_path / "chart.svg"
    words = ("--freq", "M", "--horizon", 2, "--out", out, "--plot", plot)
    assert call(sales, *words) == 0
    assert plot.read_text().startswith("<svg")


def test_it_says_nothing_when_not_on_a_terminal(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(sales, "--freq", "M", "--horizon", 1, "--out", tmp_path / "out.csv") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": None}, "sales.quantity: expected a column of numbers, found no such column"),
        ({"quantity": pl.lit(-1)}, "sales.quantity: expected values of 0 or more, found -1.0"),
        ({"quantity": pl.lit("few")}, "sales.quantity: expected numbers, found String"),
        ({"series_id": pl.lit("007")}, "sales.series_id + period_start: expected one row for each"),
        (
            {"period_start": pl.col("period_start") + pl.duration(days=pl.int_range(pl.len()))},
            "sales.period_start: expected the first day of each month, found 2024-02-02",
        ),
    ],
)
def test_a_wrong_column_is_one_clear_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, pl.Expr | None],
    message: str,
) -> None:
    path, out = tmp_path / "sales.csv", tmp_path / "out.csv"
    dropped = [name for name, value in change.items() if value is None]
    changed = {name: value for name, value in change.items() if value is not None}
    SALES.drop(dropped).with_columns(**changed).write_csv(path)
    assert call(path, "--freq", "M", "--horizon", 1, "--out", out) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"clutch: {message}")
    assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--freq", "Q"), "--freq: expected one of D, W, M (days, weeks, months), found Q"),
        (("--horizon", 0), "--horizon: expected a whole number of periods from 1 to 400, found 0"),
        (("--quantiles", "0.5;0.9"), "--quantiles: expected levels between 0 and 1 with commas"),
        (("--quantiles", "1.5"), "--quantiles: expected one or more different levels"),
        (("--out", "out.xlsx"), "--out: expected a file ending in .csv or .parquet"),
        (("--plot", "chart.pdf"), "--plot: expected a file ending in .png or .svg"),
        (("--freq", "W"), "sales.period_start: expected weeks that all start on the same weekday"),
    ],
)
def test_a_wrong_option_is_one_clear_line(
    sales: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[object, ...],
    message: str,
) -> None:
    out = tmp_path / "out.csv"
    assert call(sales, "--freq", "M", "--horizon", 1, "--out", out, *words) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"clutch: {message}")
    assert error.count("\n") == 1
    assert not out.exists()
