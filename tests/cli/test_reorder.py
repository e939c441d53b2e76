import datetime
from pathlib import Path

import polars as pl
import pytest

from cli.main import run

OFTEN = [3, 1, 0, 2, 4, 1, 0, 0, 3, 2, 1, 3]
RARELY = [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
DAYS = [datetime.date(2025, month, 1) for month in range(1, 13)]


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    pl.DataFrame(
        {
            "series_id": ["007"] * 12 + ["8"] * 12,
            "period_start": DAYS * 2,
            "quantity": [*OFTEN, *RARELY],
        }
    ).write_csv(path)
    return path


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    path = tmp_path / "parts.csv"
    path.write_text(
        "series_id,on_hand,on_order,unit_cost,multiple,supplier,supersedes\n"
        "007,1,0,10.0,4,Nile,\n"
        "9,0,0,90.0,1,Delta,8\n"
        "never,0,0,5.0,1,Delta,\n"
    )
    return path


def call(*words: object) -> int:
    try:
        run([str(word) for word in ("reorder", *words)])
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def test_a_plan_is_written_for_every_part(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.parquet"
    assert call(sales, "--lead-time", 2, "--service-level", 0.9, "--out", out) == 0
    plan = pl.read_parquet(out)
    assert plan["series_id"].to_list() == ["007", "8"]
    assert (plan["fill_rate"] >= 0.9 - 1e-8).all()


def test_suggestions_are_net_packed_and_follow_the_newest_number(
    sales: Path, parts: Path, tmp_path: Path
) -> None:
    out, chart = tmp_path / "orders.csv", tmp_path / "orders.svg"
    words = ("--lead-time", 2, "--parts", parts, "--out", out, "--plot", chart)
    assert call(sales, *words) == 0
    lines = pl.read_csv(out, schema_overrides={"series_id": pl.String})
    assert lines.select("supplier", "series_id").rows() == [
        ("Delta", "9"),
        ("Delta", "never"),
        ("Nile", "007"),
    ]
    packed = lines.row(2, named=True)
    assert packed["quantity"] % 4 == 0
    assert packed["target"] == 1 + packed["quantity"] > packed["reorder_point"]
    assert packed["reason"].startswith("1 on hand + 0 on order - 0 reserved = 1, not above")
    assert chart.read_text().startswith("<svg")


def test_the_budget_is_kept(sales: Path, parts: Path, tmp_path: Path) -> None:
    out = tmp_path / "orders.csv"
    words = ("--lead-time", 2, "--parts", parts, "--budget", 95, "--out", out)
    assert call(sales, *words) == 0
    assert 0 < pl.read_csv(out)["cost"].sum() <= 95


def test_periods_without_a_row_can_count_as_zero(sales: Path, tmp_path: Path) -> None:
    sold = pl.read_csv(sales, try_parse_dates=True).filter(pl.col("quantity") > 0)
    sold.write_csv(sales)
    demand = {}
    for flag in ([], ["--missing-is-zero"]):
        out = tmp_path / "plan.csv"
        assert call(sales, "--lead-time", 1, "--out", out, *flag) == 0
        demand[bool(flag)] = pl.read_csv(out)["lead_time_demand"].sum()
    assert demand[True] < 0.8 * demand[False]


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (None, ["--lead-time", "0"], "--lead-time: expected a number above 0, found 0"),
        (None, ["--lead-time", "nan"], "--lead-time: expected a number above 0, found nan"),
        (None, ["--lead-time-sd", "-1"], "--lead-time-sd: expected a number of 0 or more"),
        (None, ["--ordering-cost", "-1"], "--ordering-cost: expected a number of 0 or more"),
        (None, ["--parts", "parts.csv", "--budget", "-1"], "--budget: expected a number of 0 or"),
        (None, ["--service-level", "1.2"], "--service-level: expected a share above 0 and below 1"),
        (None, ["--budget", "10"], "--budget: expected --parts"),
        (None, ["--holding-rate", "0"], "--holding-rate: expected a number above 0"),
        (None, ["--parts", "nowhere.csv"], "--parts: expected a file that exists"),
        (None, ["--out", "plan.xlsx"], "--out: expected a file ending in"),
        (None, ["--plot", "plan.gif"], "--plot: expected a file ending in"),
        (pl.col("quantity") - 3, [], "SALES.quantity: expected values of 0 or more, found -2"),
        (pl.col("quantity").alias("sold"), [], ""),
        (pl.lit("some").alias("quantity"), [], "SALES.quantity: expected numbers, found String"),
        (pl.lit(DAYS[0]).alias("period_start"), [], "expected one row for each, found duplicates"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    sales: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: pl.Expr | None,
    words: list[str],
    message: str,
) -> None:
    if change is not None:
        frame = pl.read_csv(sales, try_parse_dates=True).with_columns(change)
        (frame.drop("quantity") if "sold" in frame.columns else frame).write_csv(sales)
        message = message or "SALES.quantity: expected a column of numbers, found no such column"
    before = set(tmp_path.iterdir())
    asked = ["--lead-time", "2", "--out", str(tmp_path / "plan.csv"), *words]
    assert call(sales, *asked) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_uneven_periods_are_named(sales: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    frame = pl.read_csv(sales, try_parse_dates=True).with_columns(
        period_start=pl.col("period_start").rank("dense").cast(pl.Int32) * 7
    )
    weekly = frame.with_columns(pl.lit(DAYS[0]) + pl.duration(days=pl.col("period_start")))
    late = pl.when(pl.int_range(pl.len()) % 12 == 5).then(1).otherwise(0)
    shifted = weekly.with_columns(
        (pl.col("literal") + pl.duration(days=late)).alias("period_start")
    ).drop("literal")
    shifted.write_csv(sales)
    assert call(sales, "--lead-time", 2, "--out", tmp_path / "plan.csv") == 2
    assert "period_start: expected periods 7 days apart, as most are" in capsys.readouterr().err
