"""What administrators do: people, roles, service keys, the audit log; and one's own profile."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text


@pytest.fixture(scope="module")
def admin(town: Any) -> Any:
    return town.person(role="admin", name="Amr")


def acts(client: httpx.Client, admin: Any, subject: str) -> list[str]:
    page = client.get("/admin/audit", params={"subject": subject}, headers=admin.headers).json()
    return [entry["act"] for entry in page["entries"]]


def test_a_profile_is_changed_in_part(client: httpx.Client, town: Any) -> None:
    person = town.person()
    quiet = {"from_minute": 1320, "until_minute": 420}
    before = client.get("/users/me", headers=person.headers).json()
    for sent, changed in [
        ({"locale": "ar"}, {"locale": "ar"}),
        ({"quiet_hours": quiet, "name": "منى"}, {"quiet_hours": quiet, "name": "منى"}),
        ({}, {}),
        ({"quiet_hours": None}, {"quiet_hours": None}),
    ]:
        before |= changed
        after = client.patch("/users/me", json=sent, headers=person.headers)
        assert (after.status_code, after.json()) == (200, before)
    too_late = {"from_minute": 1440, "until_minute": 0}
    for bad in ({"quiet_hours": too_late}, {"roles": ["admin"]}, {"name": "  "}):
        assert client.patch("/users/me", json=bad, headers=person.headers).status_code == 422
    assert client.get("/users/me", headers=person.headers).json() == before


def test_a_password_is_changed_by_who_knows_it(client: httpx.Client) -> None:
    email, old, new = f"{uuid4()}@mail.test", "long and easy to say", "another easy to say"
    client.post("/auth/register", json={"email": email, "password": old, "name": "Mona"})
    here, there = (
        client.post("/auth/log-in", json={"email": email, "password": old}).json() for _ in range(2)
    )
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    wrong = {"password": "wrong", "new_password": new}
    assert client.put("/users/me/password", json=wrong, headers=headers).status_code == 401
    right = {"password": old, "new_password": new}
    assert client.put("/users/me/password", json=right, headers=headers).status_code == 204
    assert client.get("/auth/me", headers=headers).status_code == 200
    elsewhere = {"Authorization": f"Bearer {there['access_token']}"}
    assert client.get("/auth/me", headers=elsewhere).status_code == 401


def test_roles_are_given_and_taken(client: httpx.Client, town: Any, admin: Any) -> None:
    person = town.person()
    path = f"/admin/users/{person.user_id}/roles/analyst"
    for _ in range(2):
        given = client.put(path, headers=admin.headers)
        assert given.json()["roles"] == ["customer", "analyst"]
    for _ in range(2):
        assert client.delete(path, headers=admin.headers).json()["roles"] == ["customer"]
    assert acts(client, admin, f"user:{person.user_id}") == ["take_role", "give_role"]
    assert client.put(f"{path}x", headers=admin.headers).status_code == 422


def test_nobody_takes_the_last_key_from_themselves(client: httpx.Client, admin: Any) -> None:
    path = f"/admin/users/{admin.user_id}"
    for refused in (
        client.delete(f"{path}/roles/admin", headers=admin.headers),
        client.post(f"{path}/disable", json={"reason": "tired"}, headers=admin.headers),
    ):
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:clutch:problem:not-to-oneself"
    assert client.get(path, headers=admin.headers).json()["roles"] == ["customer", "admin"]


def test_who_is_disabled_is_out_at_once(client: httpx.Client, town: Any, admin: Any) -> None:
    person = town.person()
    path = f"/admin/users/{person.user_id}"
    reason = {"reason": "sold the same part twice"}
    out = client.post(f"{path}/disable", json=reason, headers=admin.headers)
    assert out.json()["status"] == "disabled"
    assert client.get("/auth/me", headers=person.headers).status_code == 401
    back = client.post(f"{path}/enable", headers=admin.headers)
    assert back.json()["status"] == "active"
    assert client.get("/auth/me", headers=person.headers).status_code == 401
    assert acts(client, admin, f"user:{person.user_id}") == ["enable", "disable"]


def test_people_are_listed_by_page_and_found_by_contact(
    client: httpx.Client, town: Any, admin: Any
) -> None:
    made = {str(town.person().user_id) for _ in range(5)}
    found, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/admin/users", params=params, headers=admin.headers).json()
        found += [person["user_id"] for person in page["people"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found))
    assert made <= set(found)
    one = next(iter(made))
    params = {"contact": f"{one.upper()}@mail.test"}
    page = client.get("/admin/users", params=params, headers=admin.headers).json()
    assert [person["user_id"] for person in page["people"]] == [one]
    refused = client.get("/admin/users", params={"contact": "12"}, headers=admin.headers)
    assert refused.status_code == 422


def test_a_service_key_works_until_it_is_revoked(
    client: httpx.Client, admin: Any, question: dict[str, Any]
) -> None:
    facts = {"name": f"orders-{uuid4().hex[:8]}", "role": "order_service", "scopes": ["matching"]}
    made = client.post("/admin/service-keys", json=facts, headers=admin.headers)
    assert made.status_code == 201
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    assert client.post("/matching/shops", json=question, headers=key).status_code == 200
    again = client.post("/admin/service-keys", json=facts, headers=admin.headers)
    assert (again.status_code, again.json()["type"]) == (409, "urn:clutch:problem:key-name-taken")
    listed = client.get("/admin/service-keys", headers=admin.headers)
    assert made.json()["key"] not in listed.text
    assert facts["name"] in [each["name"] for each in listed.json()["keys"]]
    path = f"/admin/service-keys/{made.json()['service_key_id']}"
    assert client.delete(path, headers=admin.headers).json()["revoked_at"] is not None
    assert client.post("/matching/shops", json=question, headers=key).status_code == 401


def test_a_service_key_is_told_again_and_the_database_does_not_tell_it(
    client: httpx.Client, town: Any, admin: Any
) -> None:
    facts = {"name": f"orders-{uuid4().hex[:8]}", "role": "order_service", "scopes": ["matching"]}
    headers = {**admin.headers, "Idempotency-Key": str(uuid4())}
    made, again = (
        client.post("/admin/service-keys", json=facts, headers=headers) for _ in range(2)
    )
    assert (made.status_code, again.status_code) == (201, 201)
    assert again.content == made.content
    assert "idempotency-replayed" not in made.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = facts | {"name": f"{facts['name']}-2"}
    refused = client.post("/admin/service-keys", json=other, headers=headers)
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    with town.engine.begin() as connection:
        kept = connection.scalar(
            text("SELECT body FROM idempotency_key WHERE key = :key"),
            {"key": headers["Idempotency-Key"]},
        )
    assert made.json()["key"].encode() not in kept
    assert facts["name"].encode() not in kept


@pytest.mark.parametrize(
    "changed",
    [{"scopes": []}, {"scopes": ["models"]}, {"role": "admin"}, {"name": "Bad name"}, {"name": ""}],
)
def test_a_key_of_no_known_kind_is_refused(
    client: httpx.Client, admin: Any, changed: dict[str, Any]
) -> None:
    facts = {"name": "refused", "role": "order_service", "scopes": ["matching"]} | changed
    assert client.post("/admin/service-keys", json=facts, headers=admin.headers).status_code == 422
    listed = client.get("/admin/service-keys", headers=admin.headers).json()["keys"]
    assert "refused" not in [each["name"] for each in listed]


def test_the_log_is_verified(client: httpx.Client, town: Any, admin: Any) -> None:
    person = town.person()
    client.put(f"/admin/users/{person.user_id}/roles/analyst", headers=admin.headers)
    whole = client.get("/admin/audit/verification", headers=admin.headers).json()
    assert whole["whole"] is True
    assert whole["entries"] >= 1
    seen = {"seen": whole["end"]}
    again = client.get("/admin/audit/verification", params=seen, headers=admin.headers)
    assert again.json()["whole"] is True
    other = {"seen": f"1:{'0' * 64}"}
    altered = client.get("/admin/audit/verification", params=other, headers=admin.headers)
    assert altered.json()["first_broken"] == 1


@pytest.mark.parametrize("cursor", ["", "x", "e30", "=", "%00", "a" * 2000])
def test_a_cursor_of_nobody_is_refused(client: httpx.Client, admin: Any, cursor: str) -> None:
    for path in ("/admin/users", "/admin/service-keys", "/admin/audit"):
        refused = client.get(path, params={"cursor": cursor}, headers=admin.headers)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")
