"""A customer with a car: asks for parts, compares, accepts, pays, waits, and says how it was.

Not every order ends well: some are cancelled, some quotes left to expire, some cards declined.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from simulator.caller import Caller, Refused
from simulator.goods import draw_car, draw_parts
from simulator.pace import Pace
from simulator.tally import Tally
from simulator.town import District, draw_place

__all__ = ["Customer"]

_METHODS, _METHOD_SHARES = ("cash_on_delivery", "card", "wallet"), (0.55, 0.30, 0.15)
_CANCELS_EARLY, _LEAVES_IT, _CANCELS_LATE = 0.05, 0.07, 0.04
_RATES, _URGENT = 0.75, 0.12
_FIRST_QUOTE_MINUTES, _PARTS_MINUTES = 240.0, 480.0
_STARS, _STAR_SHARES = (1, 2, 3, 4, 5), (0.02, 0.03, 0.09, 0.30, 0.56)
_WORDS = ("شكراً، وصلت بسرعة", "القطعة سليمة", "Good price", "The right part at last")
_DECLINED_CARD = "4000000000000002"
_CARDS = (
    "4242424242424242",
    _DECLINED_CARD,
    "4000000000000101",  # events come late
    "4000000000000119",  # twice
    "4000000000000127",  # out of order
)
_CARD_SHARES = (0.68, 0.08, 0.08, 0.08, 0.08)


@dataclass(kw_only=True)
class Customer:
    """One customer of the simulation; `browser` reaches the payment provider's page."""

    caller: Caller
    browser: httpx.AsyncClient
    pace: Pace
    tally: Tally
    rng: np.random.Generator
    district: District

    def __post_init__(self) -> None:
        self._stories: dict[str, asyncio.Queue[tuple[str, Mapping[str, Any]]]] = {}
        self._vehicle_id: str | None = None

    def hear(self, event: str, payload: Mapping[str, Any]) -> None:
        """Take an event of the customer's room."""
        order_id = payload.get("orderId")
        if order_id:
            self._story(str(order_id)).put_nowait((event, payload))

    def _story(self, order_id: str) -> asyncio.Queue[tuple[str, Mapping[str, Any]]]:
        return self._stories.setdefault(order_id, asyncio.Queue())

    async def order(self) -> None:
        """Live through one order, from the wish to the stars."""
        order_id = await self._ask()
        mood = self.rng.random()
        if mood < _CANCELS_EARLY:
            await self.pace.think(self.rng, median=15)
            await self._cancel(order_id)
            return
        if not await self._heard(order_id, "new-quote", _FIRST_QUOTE_MINUTES):
            return
        await self.pace.think(self.rng, median=35, spread=0.5)
        if mood < _CANCELS_EARLY + _LEAVES_IT:
            self.tally.count("left to expire")
            return
        accepted = await self._choose(order_id)
        if accepted is None:
            return
        if mood > 1 - _CANCELS_LATE:
            await self._cancel(order_id)
            return
        if accepted["payment"]["method"] != "cash_on_delivery":
            await self._pay(accepted["payment"]["payment_id"])
        if await self._delivered(order_id) and self.rng.random() < _RATES:
            await self._rate(order_id)

    async def _ask(self) -> str:
        if self._vehicle_id is None:
            self._vehicle_id = (await self.caller.post("/vehicles", draw_car(self.rng)))[
                "vehicle_id"
            ]
        point = {"type": "Point", "coordinates": draw_place(self.district, self.rng)}
        draft = await self.caller.post(
            "/auto-parts-orders",
            {
                "vehicle_id": self._vehicle_id,
                "delivery_location": point,
                "delivery_address": f"{self.district.name_ar}، شارع {self.rng.integers(1, 60)}",
                "parts": draw_parts(self.rng),
                "priority": "urgent" if self.rng.random() < _URGENT else "normal",
            },
        )
        order_id = str(draft["order_id"])
        self._story(order_id)
        await self.caller.post(f"/auto-parts-orders/{order_id}/submit")
        self.tally.submitted(order_id, self.pace.now_minutes())
        return order_id

    async def _heard(self, order_id: str, event: str, minutes: float) -> bool:
        """Wait until an event comes; False when the order ends before, or it takes too long."""
        story = self._story(order_id)
        try:
            async with asyncio.timeout(self.pace.seconds(minutes)):
                while True:
                    came, payload = await story.get()
                    if came == event:
                        return True
                    if payload.get("status") == "cancelled":
                        return False
        except TimeoutError:
            self.tally.count(f"no {event} in time")
            return False

    async def _choose(self, order_id: str) -> Any:
        """Accept the best quote by the customer's lights; None when none can be had."""
        for _ in range(3):
            quotes = await self.caller.get(f"/auto-parts-orders/{order_id}/quotes")
            standing = [each for each in quotes["quotes"] if each["status"] == "submitted"]
            if not standing:
                self.tally.count("all quotes gone")
                return None
            liked = min(standing, key=self._dislike)
            choice = {
                "quote_id": liked["quote_id"],
                "revision": liked["revision"],
                "payment_method": str(self.rng.choice(_METHODS, p=_METHOD_SHARES)),
            }
            try:
                accepted = await self.caller.post(
                    f"/auto-parts-orders/{order_id}/accept-quote", choice
                )
            except Refused as refusal:
                if refusal.status != 409:
                    raise
                self.tally.count("chose too late")
                continue
            self.tally.count("accepted")
            return accepted
        return None

    def _dislike(self, quote: Mapping[str, Any]) -> float:
        missing = sum(line["availability"] == "missing" for line in quote["lines"])
        return float(quote["total_piastres"] * (1 + missing) * np.exp(self.rng.normal(0, 0.05)))

    async def _pay(self, payment_id: str) -> None:
        """Pay on the provider's page; after a card was declined, with another one."""
        number = str(self.rng.choice(_CARDS, p=_CARD_SHARES))
        while True:
            await self.pace.think(self.rng, median=2)
            try:
                page = await self.caller.post(f"/payments/{payment_id}/checkout")
            except Refused as refusal:
                if refusal.status != 409:
                    raise
                self.tally.count("not payable any more")
                return
            payment_id = page["payment_id"]
            form = {"decision": "approve", "card_number": number}
            outcome = await self.browser.post(page["redirect_url"], data=form)
            if not outcome.has_redirect_location:  # back to the shop, where nobody waits here
                outcome.raise_for_status()
            self.tally.count("paid by card or wallet")
            if not await self._was_declined(payment_id):
                return
            self.tally.count("cards declined")
            number = _CARDS[0]

    async def _was_declined(self, payment_id: str) -> bool:
        """Look now and then whether the provider has said no."""
        for _ in range(8):
            status = (await self.caller.get(f"/payments/{payment_id}"))["status"]
            if status != "pending":
                return bool(status == "failed")
            await asyncio.sleep(0.25)
        return False

    async def _delivered(self, order_id: str) -> bool:
        story = self._story(order_id)
        try:
            async with asyncio.timeout(self.pace.seconds(_PARTS_MINUTES)):
                while True:
                    event, payload = await story.get()
                    if event == "order-status-update" and payload["status"] == "delivered":
                        return True
                    if event == "order-status-update" and payload["status"] == "cancelled":
                        return False
        except TimeoutError:
            self.tally.count("no parts in time")
            return False

    async def _rate(self, order_id: str) -> None:
        await self.pace.think(self.rng, median=20)
        stars = int(self.rng.choice(_STARS, p=_STAR_SHARES))
        comment = str(self.rng.choice(_WORDS)) if self.rng.random() < 0.5 else None
        await self.caller.post(
            f"/auto-parts-orders/{order_id}/rating", {"stars": stars, "comment": comment}
        )
        self.tally.stars.append(stars)

    async def _cancel(self, order_id: str) -> None:
        try:
            await self.caller.post(
                f"/auto-parts-orders/{order_id}/cancel", {"reason": "لقيتها في البيت"}
            )
        except Refused as refusal:
            if refusal.status != 409:
                raise
            self.tally.count("could not cancel")
        else:
            self.tally.count("cancelled")
