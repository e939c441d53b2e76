"""Who is shown which figures, and for which period."""

from typing import Any
from uuid import uuid4

import pytest


@pytest.mark.parametrize("role", ["admin", "analyst"])
def test_who_runs_or_studies_the_market_sees_all_of_it(office: Any, role: str) -> None:
    deal = office.town.deal()
    reader = office.town.person(role=role)
    market = office.call(reader, "GET", "/admin/kpis")
    assert market.status_code == 200
    assert market.json()["orders"] >= 1
    assert market.json()["targets"]["satisfaction_mean"]["target"] == 4.5
    period = "?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    own = office.call(deal.staff, "GET", f"/shops/{deal.shop_id}/kpis{period}")
    seen = office.call(reader, "GET", f"/shops/{deal.shop_id}/kpis{period}")
    assert seen.json() == own.json()
    assert office.call(reader, "GET", f"/shops/{uuid4()}/kpis").status_code == 404


def test_shops_see_themselves_alone(office: Any) -> None:
    deal = office.town.deal()
    own = office.call(deal.staff, "GET", f"/shops/{deal.shop_id}/kpis").json()
    assert (own["invitations"], own["orders_won"], own["gross_piastres"]) == (1, 1, 48_000)
    for person, path, status in [
        (None, "/admin/kpis", 401),
        (deal.customer, "/admin/kpis", 403),
        (deal.staff, "/admin/kpis", 403),
        (None, f"/shops/{deal.shop_id}/kpis", 401),
        (deal.customer, f"/shops/{deal.shop_id}/kpis", 403),
        (deal.staff, f"/shops/{office.town.shop()}/kpis", 404),
    ]:
        assert office.call(person, "GET", path).status_code == status


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "to=0001-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00",
        "from=yesterday",
    ],
)
def test_a_period_that_is_none_is_refused(office: Any, query: str) -> None:
    admin = office.town.person(role="admin")
    answer = office.call(admin, "GET", f"/admin/kpis?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].removeprefix("query.") in ("from", "to")


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "2026-01-01", "yesterday", ""])
def test_a_time_without_its_offset_is_answered_with_what_one_looks_like(
    office: Any, at: str
) -> None:
    answer = office.call(office.town.person(role="admin"), "GET", f"/admin/kpis?from={at}")
    expected = "a time with its offset from UTC, as 2026-01-31T12:00:00Z"
    assert answer.json()["errors"][0] == {"field": "from", "expected": expected}


def test_an_empty_period_has_no_shares(office: Any) -> None:
    admin = office.town.person(role="admin")
    query = "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z"
    kpis = office.call(admin, "GET", f"/admin/kpis?{query}").json()
    assert kpis["orders"] == 0
    assert kpis["acceptance_rate"] is kpis["satisfaction_mean"] is None
    assert kpis["targets"]["satisfaction_mean"]["met"] is None
    assert kpis["period"] == {"from": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}
