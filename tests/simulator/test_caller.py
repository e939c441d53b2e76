"""A simulated caller tries again without doing anything twice, and knows when to give up."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clutch.errors import Unavailable
from simulator import caller as calling
from simulator.caller import AskedTooOften, Caller, Refused

LOGIN = {"email": "mona@mail.test", "password": "long and easy to say"}


class Server:
    """Answers what it is told to, one after the other, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("idempotency-key") for request in self.asked]


def talk(server: Server, act: Callable[[Caller], Any]) -> Any:
    async def run() -> Any:
        transport = httpx.MockTransport(server)
        async with httpx.AsyncClient(transport=transport, base_url="http://clutch") as client:
            return await act(Caller(client))

    return asyncio.run(run())


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body or {}, headers=headers)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "_FIRST_PAUSE_SECONDS", 0.0)


def test_it_sends_a_creating_request_again_under_the_same_key() -> None:
    away = httpx.ConnectError("away")
    server = Server(away, answer(503), answer(201, {"order_id": "1"}))
    made = talk(server, lambda caller: caller.post("/auto-parts-orders", {}))
    assert made == {"order_id": "1"}
    assert len(server.asked) == 3
    assert len(set(server.keys)) == 1
    assert server.keys[0]


def test_two_requests_have_two_keys() -> None:
    server = Server(answer(201), answer(201))

    async def both(caller: Caller) -> None:
        await caller.post("/vehicles", {})
        await caller.post("/vehicles", {})

    talk(server, both)
    assert len(set(server.keys)) == 2


def test_a_token_that_ran_out_is_renewed_and_the_request_sent_again() -> None:
    server = Server(
        answer(200, {"access_token": "first"}),
        answer(401),
        answer(200, {"access_token": "second"}),
        answer(200, {"orders": []}),
    )

    async def read(caller: Caller) -> Any:
        await caller.log_in(LOGIN)
        return await caller.get("/auto-parts-orders/user/1")

    assert talk(server, read) == {"orders": []}
    shown = [request.headers.get("authorization") for request in server.asked]
    assert shown == [None, "Bearer first", None, "Bearer second"]


def test_a_refusal_says_what_kind_it_is() -> None:
    problem = {"type": "urn:clutch:problem:quote-expired", "detail": "the quote has expired"}
    with pytest.raises(Refused) as refused:
        talk(Server(answer(409, problem)), lambda caller: caller.post("/x"))
    assert (refused.value.status, refused.value.kind) == (409, "quote-expired")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_what_is_no_clutch_server_is_told_apart(status: int) -> None:
    page = httpx.Response(status, text="<html>")
    with pytest.raises(Refused, match="not as a Clutch server does"):
        talk(Server(page), lambda caller: caller.log_in(LOGIN))


def test_it_gives_up_at_last() -> None:
    server = Server(*[httpx.ConnectError("away")] * 20)
    with pytest.raises(Unavailable):
        talk(server, lambda caller: caller.get("/x"))
    assert len(server.asked) == 8


def test_a_limit_of_an_hour_is_not_waited_for() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "3000"}))
    with pytest.raises(AskedTooOften):
        talk(server, lambda caller: caller.post("/auth/register", LOGIN))
    assert len(server.asked) == 1
