"""A simulated listener notices what it was not told, and what it was told twice."""

import asyncio
import os
import signal
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


class Stranger:
    """Has a token, and no server that would take it."""

    async def fresh_token(self) -> str:
        return ""


@pytest.fixture
def listener(tally: Tally, heard: list[int]) -> Listener:
    stranger: Any = Stranger()
    session: Any = None  # it never connects here
    return Listener(
        "http://127.0.0.1:9",
        session,
        stranger,
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


def test_ctrl_c_ends_the_simulation_as_it_ends_any_command(listener: Listener) -> None:
    async def listen_until_stopped() -> None:
        listening = asyncio.create_task(listener.listen())
        await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        await listening

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(listen_until_stopped())


class Line:
    """A connection that holds until somebody hangs up."""

    def __init__(self) -> None:
        self.is_open = False

    async def connect(self, *_: object, **__: object) -> None:
        self.is_open = True

    async def disconnect(self) -> None:
        self.is_open = False


def test_who_stops_listening_hangs_up(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    monkeypatch.setattr(listener, "_client", lambda: line)
    monkeypatch.setattr(listener, "_cut_after_seconds", 1_000_000)

    async def listen_for_a_moment() -> bool:
        listening = asyncio.create_task(listener.listen())
        await asyncio.sleep(0.05)
        was_open = line.is_open
        listening.cancel()
        await asyncio.wait([listening])
        return was_open

    assert asyncio.run(listen_for_a_moment())
    assert not line.is_open
