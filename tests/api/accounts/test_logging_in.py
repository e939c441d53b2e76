"""Joining, logging in and out over HTTP."""

from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import text

from accounts import passwords

PASSWORD = "long and easy to say"


@pytest.fixture
def email() -> str:
    return f"{uuid4()}@mail.test"


def joined(client: httpx.Client, email: str, **changed: Any) -> httpx.Response:
    facts = {"email": email, "password": PASSWORD, "name": "Mona", "locale": "en"} | changed
    return client.post("/auth/register", json=facts)


def logged_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/auth/log-in", json={"email": email, "password": password})


def bearer(tokens: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.json()['access_token']}"}


def test_the_story_of_a_log_in(client: httpx.Client, email: str, sent_code: Any) -> None:
    person = joined(client, email)
    assert person.status_code == 201
    assert "token" not in person.text
    assert person.json()["roles"] == ["customer"]
    assert person.json()["email_verified"] is False
    code = sent_code(email)
    assert client.post("/auth/verify", json={"email": email, "code": code}).status_code == 204

    tokens = logged_in(client, email)
    me = client.get("/auth/me", headers=bearer(tokens))
    assert me.json() == person.json() | {"email_verified": True}
    again = client.post(
        "/auth/refresh",
        json={"refresh_token": tokens.json()["refresh_token"]},
        headers={"Authorization": "Bearer an.old.one"},
    )
    assert again.status_code == 200
    assert client.post("/auth/log-out", json={}, headers=bearer(again)).status_code == 204
    assert client.get("/auth/me", headers=bearer(again)).status_code == 401
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    ended = client.post("/auth/refresh", json={"refresh_token": again.json()["refresh_token"]})
    assert (ended.status_code, ended.json()["type"]) == (401, "urn:clutch:problem:log-in-ended")


def test_a_log_out_needs_no_body(client: httpx.Client, town: Any) -> None:
    person, other = town.person(), town.person()
    for bad in ({"content": b"{}"}, {"content": iter([b"[]"])}, {"json": {"everywhere": 1}}):
        assert client.post("/auth/log-out", headers=person.headers, **bad).status_code in (415, 422)
    assert client.get("/auth/me", headers=person.headers).status_code == 200
    assert client.post("/auth/log-out", headers=person.headers).status_code == 204
    json = {**other.headers, "Content-Type": "application/json"}
    assert client.post("/auth/log-out", headers=json).status_code == 204
    for ended in (person, other):
        assert client.get("/auth/me", headers=ended.headers).status_code == 401


@pytest.mark.parametrize("token", ["x", "null", "a b\u0000c", "e" * 4_000, "مفتاح", "a.b.c"])
def test_a_refresh_token_that_was_never_given_is_refused_whatever_it_looks_like(
    client: httpx.Client, token: str
) -> None:
    refused = client.post("/auth/refresh", json={"refresh_token": token})
    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:clutch:problem:log-in-ended"
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_phone_is_one_however_it_is_written(client: httpx.Client) -> None:
    facts = {"password": PASSWORD, "name": "Mona"}
    first = client.post("/auth/register", json={"phone": "٠١٠١٢٣٤٥٦٧٨", **facts})
    assert first.json()["phone"] == "+201012345678"
    second = client.post("/auth/register", json={"phone": "+20 10 1234 5678", **facts})
    assert second.status_code == 409
    assert second.json()["type"] == "urn:clutch:problem:already-registered"
    assert second.json()["allowed"] == ["log_in", "reset_password"]
    by_phone = {"phone": "010-1234-5678", "password": PASSWORD}
    assert client.post("/auth/log-in", json=by_phone).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "   ", "text that is not blank, without control characters"),
        ("name", "\u00a0\u3000", "text that is not blank, without control characters"),
        ("password", "7 chars", "at least 8 characters"),
    ],
)
def test_who_joins_is_told_what_would_have_been_right(
    client: httpx.Client, email: str, field: str, value: str, expected: str
) -> None:
    refused = joined(client, email, **{field: value})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": field, "expected": expected}]
    assert joined(client, email).status_code == 201


def test_what_is_wrong_is_not_said(client: httpx.Client, town: Any, email: str) -> None:
    joined(client, email)
    wrong, unknown = logged_in(client, email, "wrong"), logged_in(client, f"x{email}")
    with town.engine.begin() as connection:
        connection.execute(
            text("UPDATE app_user SET status = 'disabled' WHERE email = :email"), {"email": email}
        )
    disabled = logged_in(client, email)
    assert wrong.status_code == 401
    assert wrong.json()["type"] == "urn:clutch:problem:wrong-credentials"
    assert wrong.content == unknown.content == disabled.content


def test_nobody_costs_the_same_hash_as_somebody(
    client: httpx.Client, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(client, email)
    costs = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            costs.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    logged_in(client, email, "wrong")
    logged_in(client, f"x{email}", "wrong")
    known, unknown = costs
    assert known == unknown


def test_a_code_logs_in_and_may_be_typed_in_arabic_digits(
    client: httpx.Client, email: str, sent_code: Any
) -> None:
    joined(client, email)
    asked = client.post("/auth/codes", json={"email": email, "purpose": "log_in"})
    assert (asked.status_code, asked.json()) == (202, {"digits": 6, "valid_minutes": 10})
    code = sent_code(email).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    tokens = client.post("/auth/log-in", json={"email": email, "code": code})
    assert client.get("/auth/me", headers=bearer(tokens)).json()["email_verified"] is True
    spent = client.post("/auth/log-in", json={"email": email, "code": code})
    assert spent.status_code == 422
    assert spent.json()["errors"][0]["field"] == "code"


def test_a_code_is_asked_for_alike_by_everybody(
    client: httpx.Client, email: str, sent_code: Any
) -> None:
    asked = {"email": email, "purpose": "reset_password"}
    nobody = client.post("/auth/codes", json=asked)
    assert sent_code(email) is None
    joined(client, email)
    somebody = client.post("/auth/codes", json=asked)
    assert nobody.status_code == somebody.status_code
    assert nobody.content == somebody.content


def test_wrong_codes_are_counted_though_they_are_refused(
    client: httpx.Client, email: str, sent_code: Any
) -> None:
    joined(client, email)
    code = sent_code(email)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        refused = client.post("/auth/verify", json={"email": email, "code": wrong})
        assert refused.status_code == 422
    assert client.post("/auth/verify", json={"email": email, "code": code}).status_code == 422


def test_a_reset_password_ends_the_log_ins(
    client: httpx.Client, email: str, sent_code: Any
) -> None:
    joined(client, email)
    tokens = logged_in(client, email)
    client.post("/auth/codes", json={"email": email, "purpose": "reset_password"})
    facts = {"email": email, "code": sent_code(email), "password": "another easy to say"}
    assert client.post("/auth/reset-password", json=facts).status_code == 204
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    assert logged_in(client, email).status_code == 401
    assert logged_in(client, email, "another easy to say").status_code == 200


def test_a_stolen_refresh_token_ends_the_log_in_for_good(client: httpx.Client, email: str) -> None:
    joined(client, email)
    stolen = logged_in(client, email).json()["refresh_token"]
    of_thief = client.post("/auth/refresh", json={"refresh_token": stolen})
    assert client.post("/auth/refresh", json={"refresh_token": stolen}).status_code == 401
    assert client.get("/auth/me", headers=bearer(of_thief)).status_code == 401
    follows = of_thief.json()["refresh_token"]
    assert client.post("/auth/refresh", json={"refresh_token": follows}).status_code == 401


def test_an_old_hash_is_made_anew(client: httpx.Client, town: Any, email: str) -> None:
    from argon2 import PasswordHasher

    joined(client, email)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with town.engine.begin() as connection:
        facts = {"email": email, "weak": weak}
        connection.execute(
            text("UPDATE app_user SET password_hash = :weak WHERE email = :email"), facts
        )
    assert logged_in(client, email).status_code == 200
    with town.engine.begin() as connection:
        kept = connection.scalar(
            text("SELECT password_hash FROM app_user WHERE email = :email"), {"email": email}
        )
    assert kept != weak
    assert not passwords.is_old(kept)
    assert logged_in(client, email).status_code == 200


@pytest.mark.parametrize(
    ("path", "changed", "field"),
    [
        ("register", {"phone": "123"}, "phone"),
        ("register", {"email": "mona@localhost"}, "email"),
        ("register", {"email": "a@b.test", "phone": "01012345678"}, "body"),
        ("register", {}, "body"),
        ("register", {"email": "a@b.test", "password": "short"}, "password"),
        ("register", {"email": "a@b.test", "password": "password123"}, "password"),
        ("register", {"email": "a@b.test", "name": "a\x00"}, "name"),
        ("register", {"email": "a@b.test", "locale": "fr"}, "locale"),
        ("register", {"email": "a@b.test", "role": "admin"}, "role"),
        ("log-in", {"email": "a@b.test", "name": None, "password": None}, "name"),
        ("codes", {"email": "a@b.test", "purpose": "marry"}, "name"),
        ("verify", {"email": "a@b.test", "code": "12345x"}, "name"),
    ],
)
def test_bad_input_is_named(
    client: httpx.Client, path: str, changed: dict[str, Any], field: str
) -> None:
    facts = {"password": PASSWORD, "name": "Mona"} | changed
    refused = client.post(f"/auth/{path}", json=facts)
    assert refused.status_code == 422
    assert field in {fault["field"] for fault in refused.json()["errors"]}
    assert PASSWORD not in refused.text


def test_a_registration_sent_again_answers_the_same(client: httpx.Client, email: str) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    facts = {"email": email, "password": PASSWORD, "name": "Mona"}
    first, second = (client.post("/auth/register", json=facts, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
