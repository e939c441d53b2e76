"""`/admin/webhook-endpoints`: partners' endpoints and their messages, through HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from clutch.ids import uuid7
from jobs.tools import Tools
from jobs.worker import run_due
from notifications.webhooks import publish
from storage.session import PLATFORM, transaction

ENDPOINTS = "/api/v1/admin/webhook-endpoints"


@pytest.fixture(scope="module")
def admin(people: Callable[..., Any]) -> Any:
    return people(role="admin")


def _body(**changes: Any) -> dict[str, Any]:
    fresh = {"name": f"Partner {uuid7()}", "url": "http://127.0.0.1:1/hook"}
    return fresh | {"events": ["order.status"]} | changes


def _published(tools: Tools, endpoint_id: str) -> str:
    """Publish an event; return the id of the endpoint's message."""
    with transaction(tools.engine, PLATFORM) as session:
        publish(session, "order.status", {"order_id": "o-1"}, now=tools.now())
    with tools.engine.connect() as connection:
        newest = text(
            "SELECT webhook_delivery_id FROM webhook_delivery WHERE endpoint_id = :id"
            " ORDER BY webhook_delivery_id DESC LIMIT 1"
        )
        return str(connection.scalars(newest, {"id": endpoint_id}).one())


def test_a_secret_is_seen_once(admin: Any) -> None:
    body = _body(events=["payment.captured", "order.status", "order.status"])
    made = admin.http.post(ENDPOINTS, json=body)
    assert made.status_code == 201
    endpoint, secret = made.json()["endpoint"], made.json()["secret"]
    assert secret.startswith("whsec_")
    assert endpoint["events"] == ["order.status", "payment.captured"]
    assert (endpoint["active"], endpoint["secrets"]) == (True, 1)
    listed = admin.http.get(ENDPOINTS, params={"limit": 100})
    assert endpoint in listed.json()["endpoints"]
    assert secret not in listed.text
    again = admin.http.post(ENDPOINTS, json=body)
    assert (again.status_code, again.json()["type"]) == (
        409,
        "urn:clutch:problem:endpoint-name-taken",
    )


def test_a_secret_whose_answer_was_lost_is_told_again(admin: Any) -> None:
    body, key = _body(), {"Idempotency-Key": str(uuid7())}
    made, again = (admin.http.post(ENDPOINTS, json=body, headers=key) for _ in range(2))
    assert (made.status_code, made.content) == (201, again.content)
    path = f"{ENDPOINTS}/{made.json()['endpoint']['endpoint_id']}"
    key = {"Idempotency-Key": str(uuid7())}
    rotated = [admin.http.post(f"{path}/rotate-secret", headers=key) for _ in range(3)]
    assert {answer.status_code for answer in rotated} == {201}
    assert len({answer.content for answer in rotated}) == 1
    assert rotated[0].json()["secret"] != made.json()["secret"]


def test_an_old_secret_lives_until_it_is_ended(admin: Any, tools: Tools) -> None:
    made = admin.http.post(ENDPOINTS, json=_body()).json()
    path = f"{ENDPOINTS}/{made['endpoint']['endpoint_id']}"
    lost, new = (admin.http.post(f"{path}/rotate-secret").json()["secret"] for _ in range(2))
    assert len({made["secret"], lost, new}) == 3

    def opened(kept: list[str]) -> list[str]:
        endpoint_id = UUID(made["endpoint"]["endpoint_id"])
        return [tools.seals().opened(each, about=str(endpoint_id)) for each in kept]

    with tools.engine.connect() as connection:
        query = text("SELECT secrets FROM webhook_endpoint WHERE endpoint_id = :id")
        facts = {"id": made["endpoint"]["endpoint_id"]}
        assert opened(connection.scalars(query, facts).one()) == [new, made["secret"]]
        connection.rollback()
        ended = [admin.http.delete(f"{path}/old-secret") for _ in range(2)]
        assert [each.json()["secrets"] for each in ended] == [1, 1]
        assert opened(connection.scalars(query, facts).one()) == [new]


def test_an_endpoint_that_is_switched_off_hears_nothing(admin: Any, tools: Tools) -> None:
    endpoint = admin.http.post(ENDPOINTS, json=_body()).json()["endpoint"]
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    change = {"url": endpoint["url"], "events": endpoint["events"], "active": False}
    changed = admin.http.put(path, json=change)
    assert changed.json() == endpoint | {"active": False}
    with transaction(tools.engine, PLATFORM) as session:
        publish(session, "order.status", {"order_id": "o-1"}, now=tools.now())
    assert admin.http.get(f"{path}/deliveries").json()["deliveries"] == []


def test_messages_are_listed_newest_first_and_sent_again_once_ended(
    admin: Any, tools: Tools
) -> None:
    endpoint_id = admin.http.post(ENDPOINTS, json=_body()).json()["endpoint"]["endpoint_id"]
    path = f"{ENDPOINTS}/{endpoint_id}/deliveries"
    first, second = (_published(tools, endpoint_id) for _ in range(2))
    with tools.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE webhook_delivery SET status = 'given_up', attempts = 8, last_error = 'no',"
                " finished_at = now() WHERE webhook_delivery_id = :id"
            ),
            {"id": first},
        )
    page = admin.http.get(path, params={"limit": 1}).json()
    assert [each["delivery_id"] for each in page["deliveries"]] == [second]
    rest = admin.http.get(path, params={"cursor": page["next_cursor"]}).json()["deliveries"]
    assert [(each["delivery_id"], each["last_error"]) for each in rest] == [(first, "no")]
    waiting = admin.http.get(path, params={"status": "waiting"}).json()["deliveries"]
    assert [each["delivery_id"] for each in waiting] == [second]

    again = admin.http.post(f"{path}/{first}/resend")
    assert (again.status_code, again.json()["status"], again.json()["attempts"]) == (
        200,
        "waiting",
        0,
    )
    refused = admin.http.post(f"{path}/{second}/resend")
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:clutch:problem:still-waiting",
    )


def test_one_that_is_removed_is_sent_nothing_and_frees_its_name(admin: Any, tools: Tools) -> None:
    made = admin.http.post(ENDPOINTS, json=_body()).json()["endpoint"]
    path = f"{ENDPOINTS}/{made['endpoint_id']}"
    assert admin.http.get(path).json() == made
    _published(tools, made["endpoint_id"])
    removed = admin.http.delete(path)
    assert (removed.status_code, removed.content) == (204, b"")
    assert admin.http.get(path).status_code == 404
    assert run_due(tools).failed == 0
    assert admin.http.post(ENDPOINTS, json=_body(name=made["name"])).status_code == 201
    with tools.engine.connect() as connection:
        acts = text("SELECT act FROM audit_entry WHERE subject = :subject ORDER BY sequence")
        subject = {"subject": f"webhook_endpoint:{made['endpoint_id']}"}
        assert connection.scalars(acts, subject).all() == [
            "webhook_endpoint.add",
            "webhook_endpoint.remove",
        ]


def test_a_message_of_another_endpoint_is_as_a_missing_one(admin: Any, tools: Tools) -> None:
    one, other = (
        admin.http.post(ENDPOINTS, json=_body()).json()["endpoint"]["endpoint_id"] for _ in range(2)
    )
    message = _published(tools, one)
    for path in (f"{other}/deliveries/{message}", f"{one}/deliveries/{uuid7()}"):
        assert admin.http.post(f"{ENDPOINTS}/{path}/resend").status_code == 404


def test_a_missing_endpoint_is_told_as_such(admin: Any) -> None:
    path = f"{ENDPOINTS}/{uuid7()}"
    change = {"url": "http://127.0.0.1:1/", "events": ["order.status"], "active": True}
    asked = [
        admin.http.get(path),
        admin.http.delete(path),
        admin.http.put(path, json=change),
        admin.http.post(f"{path}/rotate-secret"),
        admin.http.delete(f"{path}/old-secret"),
        admin.http.get(f"{path}/deliveries"),
        admin.http.post(f"{path}/deliveries/{uuid7()}/resend"),
    ]
    assert {each.status_code for each in asked} == {404}


@pytest.mark.parametrize(
    ("field", "spoilt"),
    [
        ("url", {"url": "ftp://partner.example.com"}),
        ("url", {"url": "http://user:password@partner.example.com"}),
        ("url", {"url": "http://"}),
        ("url", {"url": "http://partner.example.com:99999/"}),
        ("url", {"url": "http://[::1/"}),
        ("events", {"events": []}),
        ("events[0]", {"events": ["delivery.position"]}),
        ("name", {"name": ""}),
        ("name", {"name": "  "}),
    ],
)
def test_what_cannot_be_used_is_named(admin: Any, field: str, spoilt: dict[str, Any]) -> None:
    refused = admin.http.post(ENDPOINTS, json=_body(**spoilt))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_what_an_address_looks_like_is_told(admin: Any) -> None:
    refused = admin.http.post(ENDPOINTS, json=_body(url="ftp://partner.example.com"))
    expected = "an address such as https://partner.example.com/clutch"
    assert refused.json()["errors"] == [{"field": "url", "expected": expected}]


def test_only_administrators_may(
    people: Callable[..., Any], stranger: httpx.Client, client: httpx.Client
) -> None:
    path = f"{ENDPOINTS}/{uuid7()}"
    for asking, status in ((stranger, 401), (client, 403), (people().http, 403)):
        asked = [
            asking.get(ENDPOINTS),
            asking.post(ENDPOINTS, json=_body()),
            asking.get(path),
            asking.delete(path),
            asking.put(path, json={}),
            asking.post(f"{path}/rotate-secret"),
            asking.delete(f"{path}/old-secret"),
            asking.get(f"{path}/deliveries"),
            asking.post(f"{path}/deliveries/{uuid7()}/resend"),
        ]
        assert {each.status_code for each in asked} == {status}
