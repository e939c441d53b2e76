"""The benchmark's storm, small: two workers, fifty clients who all lose their lines at once."""

from typing import Any

import pytest

from benchmarks.live import storm


@pytest.mark.slow
def test_after_a_storm_everybody_holds_every_event_once(databases: Any) -> None:
    with databases.copied() as database:
        figures = storm(database, clients=50, seed=1, seconds=2)
    assert figures["events_written"] > 500
    assert (figures["lost"], figures["duplicates"], figures["out_of_order"]) == (0, 0, 0)
    assert figures["delivered"] > figures["events_written"]
