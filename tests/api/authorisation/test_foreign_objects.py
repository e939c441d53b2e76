"""What belongs to somebody else answers as what never was, byte for byte, and stays as it is."""

import itertools
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from api.access import Operation, operations
from api.app import create_app
from clutch.settings import Settings

APP = create_app(Settings())
PLATFORM = {"admin", "order_service", "pipeline"}
TABLES = (
    *("vehicle", "parts_order", "order_part", "order_transition", "order_invitation", "quote"),
    *("quote_line", "rating", "payment", "refund", "delivery", "delivery_position"),
    *("stored_file", "notification", "device", "shop_onboarding", "shop_profile", "shop_review"),
    *(
        "shop",
        "shop_member",
        "staff_invitation",
        "app_user",
        "room_event",
        "procrastinate_jobs",
        "idempotency_key",
    ),
)
OWN = [
    each
    for each in operations(APP, "/api/")
    if re.search(r"{\w+_id}", each.path)
    and each.access
    and not each.access.is_public
    and not each.access.roles <= PLATFORM
]
NOT_IDS = {"step": "business_info"}


def named(each: Operation) -> str:
    return f"{each.method} {each.path}"


def filled(path: str, ids: Any) -> str:
    return re.sub(r"{(\w+)}", lambda name: NOT_IDS.get(name[1]) or str(ids[name[1]]), path)


def body_of(each: Operation) -> dict[str, Any]:
    """Return what the document gives as an example, so that nothing but the id is in the way."""
    document = APP.openapi()
    operation = document["paths"][each.path][each.method.lower()]
    if "requestBody" not in operation:
        return {}
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {"json": schema["examples"][0]}


@pytest.fixture(scope="module")
def strangers(everybody: Any) -> dict[str, dict[str, str]]:
    """Somebody of each role who has nothing to do with it."""
    by_roles = everybody.of_every_role()
    return {
        "customer": by_roles[frozenset({"customer"})],
        "shop_staff": by_roles[frozenset({"customer", "shop_staff"})],
        "shop_owner": by_roles[frozenset({"customer", "shop_staff", "shop_owner"})],
        "order_service": by_roles[frozenset({"order_service"})],
    }


def state(everybody: Any) -> dict[str, str]:
    """Return a fingerprint of every table that a stranger might have changed."""
    with everybody.town.engine.begin() as connection:
        connection.execute(text("SELECT set_config('clutch.platform', 'on', true)"))
        return {
            table: connection.execute(
                text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608 - names of ours
            ).scalar()
            for table in TABLES
        }


def test_every_kind_of_id_is_known_here(theirs: Any) -> None:
    used = set(itertools.chain.from_iterable(re.findall(r"{(\w+)}", each.path) for each in OWN))
    assert used - set(NOT_IDS) <= set(theirs.ids)
    assert len(OWN) > 25


@pytest.mark.parametrize("operation", OWN, ids=named)
def test_anothers_is_as_if_it_never_was(
    client: httpx.Client, everybody: Any, theirs: Any, strangers: Any, operation: Operation
) -> None:
    absent = {name: uuid4() for name in theirs.ids}
    before, asked = state(everybody), 0
    for role, headers in strangers.items():
        if not _may(role, operation):
            continue
        content = body_of(operation)
        foreign, missing = (
            client.request(
                operation.method, filled(operation.path, ids), headers=headers, **content
            )
            for ids in (theirs.ids, absent)
        )
        assert (role, foreign.status_code, foreign.content) == (role, 404, missing.content)
        assert missing.status_code == 404
        asked += 1
    assert asked > 0
    assert state(everybody) == before


@pytest.mark.parametrize("operation", [each for each in OWN if each.method == "GET"], ids=named)
def test_who_owns_it_sees_it(client: httpx.Client, theirs: Any, operation: Operation) -> None:
    path = filled(operation.path, theirs.ids)
    owners = (theirs.customer, theirs.shop_owner)
    assert 200 in {client.get(path, headers=headers).status_code for headers in owners}


def _may(role: str, operation: Operation) -> bool:
    roles = {role} if role == "order_service" else {"customer", role}
    roles |= {"shop_staff"} if role == "shop_owner" else set()
    return operation.access is not None and not operation.access.roles.isdisjoint(roles)
