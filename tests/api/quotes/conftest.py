"""A served market with a customer and two shops that were asked for each order."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from clutch.settings import Settings
from storage.cluster import Database

TOKEN_KEY = "a key that tokens are signed with in tests"
PROVIDE = "/api/v1/shop-quotes/provide-quote"


class Scene(NamedTuple):
    """A customer and two shops, each with somebody who works there."""

    http: httpx.Client
    town: Any
    customer: Any
    shop_id: UUID
    shop: Any
    rival_id: UUID
    rival: Any

    def order(self, *quantities: int) -> UUID:
        order_id: UUID = self.town.order(
            self.customer, shops=[self.shop_id, self.rival_id], quantities=quantities or (1,)
        )
        return order_id

    def provide(self, person: Any, order_id: UUID, *lines: dict[str, Any], **more: Any) -> Any:
        body = {"order_id": str(order_id), "lines": list(lines) or [priced(1, 1_000)], **more}
        return self.http.post(PROVIDE, json=body, headers=person.headers)

    def accept(self, person: Any, order_id: UUID, quote_id: str, **headers: str) -> Any:
        return self.http.post(
            f"/api/v1/auto-parts-orders/{order_id}/accept-quote",
            json={"quote_id": quote_id, "payment_method": "cash_on_delivery"},
            headers={**person.headers, **headers},
        )

    def count(self, statement: str, order_id: UUID) -> int:
        with self.town.engine.connect() as connection:
            found = connection.scalar(text(f"SELECT count(*) FROM {statement}"), {"o": order_id})  # noqa: S608
        return int(found or 0)


def priced(line: int, price: int, **more: Any) -> dict[str, Any]:
    return {"line": line, "availability": "in_stock", "unit_price_piastres": price, **more}


@pytest.fixture(scope="package")
def scene(
    databases: Any,
    town_in: Callable[[Database], Any],
    serve: Callable[[Settings], AbstractContextManager[str]],
) -> Iterator[Scene]:
    with databases.copied() as database:
        town = town_in(database)
        shop_id, rival_id = town.shop(name="Nile Parts"), town.shop(name="Delta Parts")
        shop = town.person(shop_id=shop_id, role="shop_staff")
        rival = town.person(shop_id=rival_id, role="shop_owner")
        chosen = Settings(database_url=database.url, token_key=SecretStr(TOKEN_KEY))
        with (
            serve(chosen) as address,
            httpx.Client(base_url=address, trust_env=False) as http,
        ):
            yield Scene(http, town, town.person(), shop_id, shop, rival_id, rival)
