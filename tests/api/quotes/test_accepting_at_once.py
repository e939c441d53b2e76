"""Two who accept at once over HTTP: one does, the other is told so."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

ROUNDS = 15


def at_once(asks: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    barrier = threading.Barrier(len(asks))

    def ask(request: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return request()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(ask, asks))


def test_of_two_quotes_accepted_at_once_one_wins(scene: Any) -> None:
    for _ in range(ROUNDS):
        order = scene.order()
        quotes = [
            scene.provide(each, order).json()["quote_id"] for each in (scene.shop, scene.rival)
        ]
        answers = at_once([partial(scene.accept, scene.customer, order, quote) for quote in quotes])
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: 1, 409: 1}
        (lost,) = [answer.json() for answer in answers if answer.status_code == 409]
        assert lost["type"] == "urn:clutch:problem:transition-refused"
        assert scene.count("quote WHERE order_id = :o AND status = 'accepted'", order) == 1
        assert scene.count("quote WHERE order_id = :o AND status = 'lapsed'", order) == 1
        assert scene.count("payment WHERE order_id = :o", order) == 1
        assert scene.count("delivery WHERE order_id = :o", order) == 1


def test_one_request_sent_twice_at_once_is_done_once_and_answered_twice(scene: Any) -> None:
    for _ in range(ROUNDS):
        order = scene.order()
        quote = scene.provide(scene.shop, order).json()["quote_id"]
        key = {"Idempotency-Key": f"once-{order}"}
        answers = at_once([partial(scene.accept, scene.customer, order, quote, **key)] * 3)
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len({answer.content for answer in answers}) == 1
        assert scene.count("payment WHERE order_id = :o", order) == 1
