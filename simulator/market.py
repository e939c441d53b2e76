"""A market that lives for a while: shops join, customers come, orders take their course.

In: the address of a running server, and the log-in of an administrator who lets the shops in.
Out: what happened. Everything goes through HTTP and sockets.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import numpy as np

from clutch.errors import Unavailable
from simulator.caller import Caller
from simulator.customers import Customer
from simulator.joining import Person, join, open_shop
from simulator.lines import Lines
from simulator.listener import Handle, Listener
from simulator.pace import Pace
from simulator.shops import Shop
from simulator.tally import Tally
from simulator.town import District

__all__ = ["Outcome", "Plan", "live"]

_ORDERS_AN_HOUR = 30.0
_ORDERS_A_CUSTOMER = 2
_LONGEST_STORY_MINUTES = 900.0
_PATIENCE_SECONDS = 300.0  # more, for a server that is slow
_AT_ONCE = 4
_CUT_AFTER_SECONDS = 6.0
_CUSTOMERS, _SHOPS, _ARRIVALS = range(3)  # streams of random numbers

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to play; `speed` is how many simulated minutes pass in a real one."""

    url: str
    admin: Mapping[str, str]
    orders: int
    shops: int
    speed: float
    seed: int
    districts: Sequence[District]


class Outcome(NamedTuple):
    """What happened, as the simulated people saw it and as the server's KPIs tell it."""

    tally: Tally
    kpis: dict[str, Any]


async def live(plan: Plan, *, progress: Progress) -> Outcome:
    """Play a plan to its end.

    Raises
    ------
    Unavailable
        The server does not answer.
    Refused
        The administrator cannot log in, or a shop cannot join.
    """
    async with AsyncExitStack() as stack:
        return await _Market(plan, stack, progress).run()


class _Market:
    def __init__(self, plan: Plan, stack: AsyncExitStack, progress: Progress) -> None:
        self.plan = plan
        self.progress = progress
        self.tally = Tally()
        self.pace = Pace(plan.speed)
        self.lines = Lines(plan.url)
        self.stack = stack
        self.listeners: list[Listener] = []
        self.listening: list[asyncio.Task[None]] = []
        self.shops: list[Shop] = []

    async def run(self) -> Outcome:
        client = await self._client(self.lines.address())
        try:
            await client.get("/healthz")
        except httpx.TransportError as error:
            raise Unavailable(self.plan.url) from error
        admin = Caller(client)
        await admin.log_in(self.plan.admin)
        await self._open_shops(admin)
        try:
            await self._orders()
        finally:
            await asyncio.gather(*(shop.close() for shop in self.shops))
            await _ended(self.listening)
        self.progress("checking that nobody missed anything", 0, 0)
        await _few_at_a_time([listener.settle() for listener in self.listeners])
        kpis = await admin.get("/admin/kpis")
        # Nobody is there any more to answer for them.
        over = {"reason": "the simulation is over"}
        await _few_at_a_time(
            [admin.post(f"/admin/shops/{shop.shop_id}/suspend", over) for shop in self.shops]
        )
        return Outcome(self.tally, kpis)

    async def _client(self, address: str | None) -> httpx.AsyncClient:
        return await self.stack.enter_async_context(self.lines.http(address))

    async def _open_shops(self, admin: Caller) -> None:
        opened = 0

        async def open_one(number: int) -> None:
            nonlocal opened
            rng = np.random.default_rng([self.plan.seed, _SHOPS, number])
            owner = await self._person(rng)
            district = self.plan.districts[number % len(self.plan.districts)]
            shop_id = await open_shop(owner.caller, admin, district, number, rng)
            shop = Shop(
                caller=owner.caller,
                shop_id=shop_id,
                pace=self.pace,
                tally=self.tally,
                rng=rng,
                level=float(np.exp(0.12 * rng.standard_normal())),
            )
            self.shops.append(shop)
            rooms = [f"user-{owner.user_id}", f"shop-{shop_id}"]
            await self._listen(owner, rooms, shop.hear, rng)
            opened += 1
            self.progress("shops join", opened, self.plan.shops)

        await _few_at_a_time([open_one(number) for number in range(self.plan.shops)])

    async def _orders(self) -> None:
        rng = np.random.default_rng([self.plan.seed, _ARRIVALS])
        gaps = rng.exponential(60 / _ORDERS_AN_HOUR, self.plan.orders)
        customers: list[asyncio.Task[Customer]] = []
        finished = 0

        async def story(number: int, at: float) -> None:
            nonlocal finished
            await self.pace.pass_minutes(at)
            customer = await customers[number % len(customers)]
            await customer.order()
            finished += 1
            self.progress("orders", finished, self.plan.orders)

        count = -(-self.plan.orders // _ORDERS_A_CUSTOMER)
        gate = asyncio.Semaphore(_AT_ONCE)
        customers = [asyncio.create_task(self._customer(number, gate)) for number in range(count)]
        stories = [
            asyncio.create_task(self.tally.noting(story(number, at)))
            for number, at in enumerate(np.cumsum(gaps))
        ]
        longest = float(gaps.sum()) + _LONGEST_STORY_MINUTES
        _, late = await asyncio.wait(
            stories, timeout=self.pace.seconds(longest) + _PATIENCE_SECONDS
        )
        for _ in late:
            self.tally.surprise("an order took longer than any should")
        await _ended([*late, *customers])

    async def _customer(self, number: int, gate: asyncio.Semaphore) -> Customer:
        rng = np.random.default_rng([self.plan.seed, _CUSTOMERS, number])
        async with gate:
            person = await self._person(rng)
            customer = Customer(
                caller=person.caller,
                browser=await self._client(person.address),
                pace=self.pace,
                tally=self.tally,
                rng=rng,
                district=self.plan.districts[int(rng.integers(len(self.plan.districts)))],
            )
            await self._listen(person, [f"user-{person.user_id}"], customer.hear, rng)
        return customer

    async def _person(self, rng: np.random.Generator) -> Person:
        address = self.lines.address()
        return await join(await self._client(address), address, rng)

    async def _listen(
        self, person: Person, rooms: list[str], handle: Handle, rng: np.random.Generator
    ) -> None:
        listener = Listener(
            self.plan.url,
            await self.stack.enter_async_context(self.lines.socket(person.address)),
            person.caller,
            rooms,
            handle,
            tally=self.tally,
            rng=np.random.default_rng(rng.integers(2**63)),
            cut_after_seconds=_CUT_AFTER_SECONDS,
        )
        self.listeners.append(listener)
        self.listening.append(asyncio.create_task(listener.listen()))


async def _ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _few_at_a_time(works: Sequence[Coroutine[Any, Any, Any]]) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(work: Coroutine[Any, Any, Any]) -> None:
        async with gate:
            await work

    await asyncio.gather(*map(one, works))
