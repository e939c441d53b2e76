"""A simulated listener notices what it was not told, and what it was told twice."""

import asyncio
from typing import Any

import numpy as np
import pytest

from simulator.listener import Listener
from simulator.tally import Tally


@pytest.fixture
def heard() -> list[int]:
    return []


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def listener(tally: Tally, heard: list[int]) -> Listener:
    nobody: Any = None  # it never connects here
    return Listener(
        "http://127.0.0.1",
        nobody,
        nobody,
        ["shop-1"],
        lambda _, payload: heard.append(payload["sequence"]),
        tally=tally,
        rng=np.random.default_rng(1),
        cut_after_seconds=1,
    )


def tell(listener: Listener, *numbers: int) -> None:
    async def all_of_them() -> None:
        for number in numbers:
            await listener._on_event("new-parts-order", {"room": "shop-1", "sequence": number})

    asyncio.run(all_of_them())


@pytest.mark.parametrize(
    ("told", "handled", "lost", "doubled"),
    [
        ([1, 2, 3], [1, 2, 3], 0, 0),
        ([1, 2, 2, 3], [1, 2, 3], 0, 1),
        ([1, 4], [1, 4], 2, 0),
        ([2, 1], [2], 1, 1),
        ([], [], 0, 0),
    ],
)
def test_what_is_lost_or_doubled_is_counted(
    listener: Listener,
    tally: Tally,
    heard: list[int],
    told: list[int],
    handled: list[int],
    lost: int,
    doubled: int,
) -> None:
    tell(listener, *told)
    assert heard == handled
    assert (tally.lost_events, tally.duplicate_events) == (lost, doubled)
    assert tally.heard_events == len(handled)
