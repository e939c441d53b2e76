"""The configured service key: who shows it may ask for shops; health and docs are open."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from clutch.settings import Settings

PATH = "/api/v1/matching/shops"


@pytest.fixture
def stranger(address: str) -> Iterator[httpx.Client]:
    """A caller without a key."""
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


KEYS = [
    "",
    "Bearer",
    "Bearer a key",
    "Bearer a key for the tests and more",
    "Basic a key for the tests",
    "a key for the tests",
    "Bearer مفتاح",
]


@pytest.mark.parametrize("shown", KEYS)
@pytest.mark.parametrize("content", [b"", b"{" * 200_000, b'{"vehicle": {"make": 7}}', b"\xff"])
def test_without_the_key_nothing_is_said_of_the_body(
    stranger: httpx.Client, shown: str, content: bytes
) -> None:
    headers = {"Authorization": shown.encode()} if shown else {}
    answer = stranger.post(PATH, content=content, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() == {
        "type": "urn:clutch:problem:unauthorised",
        "title": "Who is calling is not known",
        "status": 401,
        "detail": "send an access token or a service key as `Authorization: Bearer <...>`",
    }


def test_a_body_that_claims_too_much_is_refused_for_everybody(stranger: httpx.Client) -> None:
    assert stranger.post(PATH, content=b"{" * 300_000).status_code == 413


def test_which_paths_there_are_is_no_secret(stranger: httpx.Client) -> None:
    assert stranger.get("/api/v1/absent").status_code == 404
    assert stranger.get(PATH).status_code == 405


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_anyhow(
    stranger: httpx.Client, question: dict[str, Any], scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} a key for the tests"}
    assert stranger.post(PATH, json=question, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
def test_health_and_docs_are_open(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


def status(address: str, question: dict[str, Any], shown: str) -> int:
    headers = {"Authorization": shown.encode()}
    return httpx.post(address + PATH, json=question, headers=headers, trust_env=False).status_code


def test_without_a_key_in_the_settings_nobody_may_call(
    serve: Any, settings: Settings, question: dict[str, Any]
) -> None:
    with serve(settings.model_copy(update={"service_key": None})) as address:
        for shown in ("", "Bearer None", "Bearer"):
            assert status(address, question, shown) == 401


def test_a_key_in_any_script_is_compared(
    serve: Any, settings: Settings, question: dict[str, Any]
) -> None:
    key = "مفتاح خدمة للاختبار"
    with serve(settings.model_copy(update={"service_key": SecretStr(key)})) as address:
        assert status(address, question, f"Bearer {key}") == 200
        assert status(address, question, "Bearer a key for the tests") == 401
