"""What matching knows is read once for all who ask, and again from time to time."""

import asyncio
from typing import Any

import pytest

from api import state
from api.metrics import Metrics
from api.state import State
from clutch.errors import Unavailable


class Reads:
    """Stands for the reading of knowledge: says what it is told to, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.answer: Any = "first"

    async def __call__(self, _read: Any) -> Any:
        self.count += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    reads = Reads()
    monkeypatch.setattr(state, "run_in_threadpool", reads)
    return reads


def asked(times: int, asking: State) -> list[Any]:
    async def ask() -> list[Any]:
        each = (asking.knowledge() for _ in range(times))
        return await asyncio.gather(*each, return_exceptions=True)

    return asyncio.run(ask())


@pytest.fixture
def asking() -> Any:
    names = ("engine", "pool", "roads", "token_key", "service_key", "seals", "answer_seals")
    facts: dict[str, Any] = dict.fromkeys(names)
    return State(metrics=Metrics(), **facts)


def test_many_who_ask_at_once_wait_for_one_reading(reads: Reads, asking: State) -> None:
    assert asked(20, asking) == ["first"] * 20
    assert reads.count == 1


def test_what_is_young_is_not_read_again(reads: Reads, asking: State) -> None:
    assert asked(1, asking) + asked(1, asking) == ["first", "first"]
    assert reads.count == 1


def test_all_are_refused_while_nothing_is_known(reads: Reads, asking: State) -> None:
    reads.answer = Unavailable("the database")
    assert asked(20, asking) == [reads.answer] * 20
    assert reads.count == 1
    reads.answer = "back"
    assert asked(1, asking) == ["back"]


@pytest.mark.parametrize("failure", [Unavailable("the database"), None])
def test_what_is_old_serves_while_it_is_read_again(
    reads: Reads, asking: State, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    monkeypatch.setattr(state, "_KNOWLEDGE_SECONDS", 0.0)
    asked(1, asking)
    reads.answer = failure or "second"

    async def ask_thrice() -> list[Any]:
        answers = [await asking.knowledge(), await asking.knowledge()]
        await asyncio.sleep(0.01)
        return [*answers, await asking.knowledge()]

    last = "first" if failure else "second"
    assert asyncio.run(ask_thrice()) == ["first", "first", last]
