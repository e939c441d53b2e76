"""Charts to files: PNG or SVG by suffix."""

from pathlib import Path
from typing import Any

import altair

from cli.files import check_output, write_whole

__all__ = ["check_plot", "write_chart"]

Chart = (
    altair.Chart | altair.LayerChart | altair.FacetChart | altair.HConcatChart | altair.VConcatChart
)

_PICTURES = (".png", ".svg")


def check_plot(path: Path, *, field: str = "--plot") -> None:
    """Raise InvalidInput unless `path` can become a PNG or SVG file."""
    check_output(path, field=field, suffixes=_PICTURES)


def write_chart(path: Path, chart: Chart, *, field: str = "--plot") -> None:
    """Write `chart` to `path`, whole or not at all.

    Raises
    ------
    InvalidInput
        The suffix is another, or the file cannot be written; `field` opens the message.
    """
    check_plot(path, field=field)
    options: dict[str, Any] = {"scale_factor": 2} if path.suffix.lower() == ".png" else {}
    write_whole(path, lambda part: chart.save(str(part), **options), field=field)
