"""A shop at its counter: hears of orders, quotes as real shops do, and brings what it sold.

Not every shop answers: some are away, some decline, some have half of it, some type a wrong price
and are told so, some think again.
"""

import asyncio
import datetime as dt
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.caller import Caller, Refused
from simulator.goods import unit_price_piastres
from simulator.pace import Pace
from simulator.tally import Tally
from simulator.town import draw_name, egyptian_phone

__all__ = ["Shop"]

_AWAY, _DECLINES = 0.10, 0.06
_LINE_MISSING, _LINE_TO_ORDER = 0.10, 0.12
_MISTYPES, _REVISES, _WITHDRAWS = 0.04, 0.10, 0.03
_BRANDS = ("Bosch", "Valeo", "Denso", "Mobis", "KYB", "NGK", "صناعة محلية")
_UNPAID_LOOKS, _UNPAID_MINUTES = 6, 10.0


@dataclass(kw_only=True)
class Shop:
    """One shop of the simulation; `level` is how dear it is, about 1."""

    caller: Caller
    shop_id: str
    pace: Pace
    tally: Tally
    rng: np.random.Generator
    level: float

    def __post_init__(self) -> None:
        self._doing: set[asyncio.Task[None]] = set()
        self._ended: set[str] = set()
        self._closed = False

    def hear(self, event: str, payload: Mapping[str, Any]) -> None:
        """Take an event of the shop's room."""
        order_id = str(payload.get("orderId"))
        if self._closed:
            return
        if event == "new-parts-order":
            self._begin(self._answer(order_id, self.pace.now_minutes()))
        elif event == "quote-accepted":
            self._begin(self._serve(order_id))
        elif event == "order-status-update" and payload["status"] == "cancelled":
            self._ended.add(order_id)

    async def close(self) -> None:
        """Leave everything as it is, and do nothing more."""
        self._closed = True
        for task in self._doing:
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self.tally.noting(work))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _answer(self, order_id: str, invited_at: float) -> None:
        mood = self.rng.random()
        if mood < _AWAY:
            self.tally.count("shops did not answer")
            return
        await self.pace.think(self.rng, median=18, spread=0.9)
        order = await self._order(order_id)
        if order is None or order["state"] != "open":
            return
        if mood < _AWAY + _DECLINES:
            path = f"/auto-parts-orders/{order_id}/decline"
            await self._try(self.caller.post(path, {"reason": "not in stock"}), "declined")
            return
        offer = self._offer(order)
        if self.rng.random() < _MISTYPES:
            await self._mistype(order_id, offer)
        quote = await self._try(
            self.caller.post("/shop-quotes/provide-quote", {"order_id": order_id, **offer}),
            "quoted",
        )
        if quote is None:
            return
        self.tally.quoted(order_id, self.pace.now_minutes(), invited_at=invited_at)
        await self._think_again(quote["quote_id"], order)

    async def _mistype(self, order_id: str, offer: Mapping[str, Any]) -> None:
        wrong = [{**line, "line": 50} for line in offer["lines"]]
        try:
            await self.caller.post(
                "/shop-quotes/provide-quote", {"order_id": order_id, **offer, "lines": wrong}
            )
        except Refused as refusal:
            if refusal.status not in (409, 422):
                raise
            self.tally.count("wrong quotes refused")
        else:
            self.tally.surprise(f"a quote for a line that was not asked for was taken: {order_id}")

    async def _think_again(self, quote_id: str, order: Mapping[str, Any]) -> None:
        mood = self.rng.random()
        if mood >= _REVISES + _WITHDRAWS:
            return
        await self.pace.think(self.rng, median=15)
        if mood < _REVISES:
            self.level *= 0.97
            await self._try(
                self.caller.put(f"/shop-quotes/{quote_id}", self._offer(order)), "revised"
            )
        else:
            await self._try(self.caller.delete(f"/shop-quotes/{quote_id}"), "withdrawn")

    def _offer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        lines = [self._line(part) for part in order["parts"]]
        if all(line["availability"] == "missing" for line in lines):
            lines[0] = self._line(order["parts"][0], always=True)
        return {"lines": lines, "preparation_minutes": int(self.rng.integers(5, 45))}

    def _line(self, part: Mapping[str, Any], *, always: bool = False) -> dict[str, Any]:
        chance = 1.0 if always else self.rng.random()
        if chance < _LINE_MISSING:
            return {"line": part["line"], "availability": "missing"}
        price = unit_price_piastres(
            part["number"], part["name"], part["condition"], level=self.level, rng=self.rng
        )
        line = {
            "line": part["line"],
            "availability": "in_stock",
            "unit_price_piastres": price,
            "brand": str(self.rng.choice(_BRANDS)),
            "condition": part["condition"] or "aftermarket",
            "warranty_months": int(self.rng.choice([0, 1, 3, 6, 12])),
        }
        if chance < _LINE_MISSING + _LINE_TO_ORDER:
            hours = int(self.rng.integers(2, 48))
            line |= {"availability": "to_order", "available_in_hours": hours}
        return line

    async def _serve(self, order_id: str) -> None:
        """Prepare, send out and hand over an order that the shop won."""
        await self.pace.think(self.rng, median=8)
        handover = await self._handover(order_id)
        if handover is None:
            return
        path = f"/deliveries/{handover['delivery']['delivery_id']}"
        if not await self._start(path, order_id):
            return
        await self.pace.think(self.rng, median=15)
        courier = {"courier_name": draw_name(self.rng), "courier_phone": egyptian_phone(self.rng)}
        if await self._try(self.caller.post(f"{path}/assign", courier), "assigned") is None:
            return
        await self.pace.think(self.rng, median=5)
        if await self._try(self.caller.post(f"{path}/pick-up"), "picked up") is None:
            return
        await self._drive(path, handover["location"]["coordinates"])
        await self._hand_over(path, order_id)

    async def _start(self, path: str, order_id: str) -> bool:
        """Begin, once a card or wallet has said yes; give up when it does not."""
        for _ in range(_UNPAID_LOOKS):
            if order_id in self._ended:
                return False
            try:
                await self.caller.post(f"{path}/start")
            except Refused as refusal:
                if refusal.kind != "payment-not-authorised":
                    return self._refused(refusal, "not started")
                await self.pace.pass_minutes(_UNPAID_MINUTES)
            else:
                self.tally.count("started")
                return True
        self.tally.count("left unpaid")
        return False

    async def _drive(self, path: str, to: tuple[float, float]) -> None:
        """Go to the customer, and say on the way where the courier is."""
        lon, lat = to
        await self.pace.think(self.rng, median=20, spread=0.5)
        near = [lon + self.rng.normal(0, 0.004), lat + self.rng.normal(0, 0.004)]
        position = {
            "point": {"type": "Point", "coordinates": near},
            "at": dt.datetime.now(dt.UTC).isoformat(),
        }
        await self._try(self.caller.post(f"{path}/position", position), "positions")
        await self.pace.think(self.rng, median=6, spread=0.5)

    async def _hand_over(self, path: str, order_id: str) -> None:
        handover = await self._handover(order_id)
        if handover is None:
            return
        proof: dict[str, Any] = {"received_by": draw_name(self.rng)}
        if handover["payment"]["method"] == "cash_on_delivery":
            proof["collected_piastres"] = handover["payment"]["amount_piastres"]
        await self._try(self.caller.post(f"{path}/deliver", proof), "delivered")

    async def _handover(self, order_id: str) -> Any:
        """Return to whom an order goes, and how; None: it was cancelled."""
        order = await self._order(order_id)
        return order and order["handover"]

    async def _order(self, order_id: str) -> Any:
        return await self._try(self.caller.get(f"/auto-parts-orders/{order_id}"), "looked at")

    async def _try(self, call: Coroutine[Any, Any, Any], act: str) -> Any:
        """Do something and count it; None when the world had moved on, which is no surprise."""
        try:
            answer = await call
        except Refused as refusal:
            self._refused(refusal, f"too late: {act}")
            return None
        self.tally.count(act)
        return answer if answer is not None else {}

    def _refused(self, refusal: Refused, act: str) -> bool:
        if refusal.status != 409:
            raise refusal
        self.tally.count(act)
        return False
