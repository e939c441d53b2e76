"""Where no provider takes cards and wallets, none is promised."""

from typing import Any

import httpx
from pydantic import SecretStr

from clutch.settings import Settings
from storage.cluster import Database

TOKEN_KEY = "a key that tokens are signed with in tests"


def test_a_card_is_refused_where_no_provider_takes_it(
    fresh_database: Database, town_in: Any, serve: Any
) -> None:
    town = town_in(fresh_database)
    shop_id, customer = town.shop(), town.person()
    staff = town.person(shop_id=shop_id)
    order_id = town.order(customer, shops=[shop_id])
    chosen = Settings(
        environment="production",
        database_url=fresh_database.url,
        token_key=SecretStr(TOKEN_KEY),
        job_workers=0,
    )
    line = {"line": 1, "availability": "in_stock", "unit_price_piastres": 5_000}
    with serve(chosen) as address, httpx.Client(base_url=address, trust_env=False) as http:
        quote = http.post(
            "/api/v1/shop-quotes/provide-quote",
            json={"order_id": str(order_id), "lines": [line]},
            headers=staff.headers,
        ).json()

        def accept(method: str) -> Any:
            return http.post(
                f"/api/v1/auto-parts-orders/{order_id}/accept-quote",
                json={"quote_id": quote["quote_id"], "payment_method": method},
                headers=customer.headers,
            )

        for method in ("card", "wallet"):
            refused = accept(method)
            assert refused.status_code == 422
            assert [each["field"] for each in refused.json()["errors"]] == ["payment_method"]
        assert accept("cash_on_delivery").status_code == 200
