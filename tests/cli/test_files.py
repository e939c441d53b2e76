from datetime import date
from pathlib import Path

import altair
import polars as pl
import pytest

from cli.files import check_output, read_frame, write_frame
from cli.plots import write_chart
from clutch.errors import InvalidInput

SALES = pl.DataFrame(
    {"series_id": ["007", "12"], "period_start": [date(2024, 1, 1)] * 2, "quantity": [1.0, None]}
)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_frame_comes_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sales.{suffix}"
    write_frame(path, SALES)
    assert read_frame(path, name="SALES", text=["series_id", "absent"]).equals(SALES)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"SALES: expected a file that exists, found .*no\.csv"):
        read_frame(tmp_path / "no.csv", name="SALES")


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.parquet", b"text")])
def test_a_file_without_a_table_is_one_clear_line(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match="SALES: expected a readable") as refusal:
        read_frame(tmp_path / name, name="SALES")
    assert "\n" not in str(refusal.value)


def test_a_header_without_rows_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("series_id,period_start,quantity\n")
    with pytest.raises(InvalidInput, match=r"SALES: expected rows below the header, found none"):
        read_frame(path, name="SALES")


@pytest.mark.parametrize("name", ["out.xlsx", "no_folder/out.csv", "folder.csv"])
def test_an_output_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidInput, match="--out: expected a file"):
        check_output(tmp_path / name, field="--out")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    nested = pl.DataFrame({"a": [[1, 2]]})
    with pytest.raises(InvalidInput, match="--out: expected a file that can be written"):
        write_frame(path, nested)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_a_chart_is_written_by_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"chart.{suffix}"
    write_chart(path, altair.Chart(SALES).mark_point().encode(x="quantity"))
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]
