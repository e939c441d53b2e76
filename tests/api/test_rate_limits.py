"""How often may be asked, and by whom it is counted."""

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection

from api.rate_limits import Limit, RateLimits, address_of
from clutch.errors import TooMany
from clutch.settings import Settings

DOCS = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text(encoding="utf-8")
KEY = {"Authorization": "Bearer a key for the tests"}


@pytest.fixture
def client(serve: Any, settings: Settings) -> Iterator[httpx.Client]:
    """A caller of an application that counts anew for each test."""
    limited = settings.model_copy(update={"rate_limits": "on", "job_workers": 0})
    with serve(limited) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def hits(limits: RateLimits, limit: Limit, *who: str, times: int) -> list[int | None]:
    """Count some requests; give how long each has to wait, None where it need not."""

    async def each() -> list[int | None]:
        waits: list[int | None] = []
        for _ in range(times):
            try:
                await limits.hit(limit, *who)
            except TooMany as refused:
                waits.append(refused.retry_after_seconds)
            else:
                waits.append(None)
        await limits.close()
        return waits

    return asyncio.run(each())


def test_the_window_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    limits = RateLimits()
    assert hits(limits, Limit.CODE_CONTACT, "a", times=5) == [None] * 5
    now += 600
    assert hits(limits, Limit.CODE_CONTACT, "a", times=2) == [3000, 3000]
    assert hits(limits, Limit.CODE_CONTACT, "b", times=1) == [None]
    now += 3000
    assert hits(limits, Limit.CODE_CONTACT, "a", times=6) == [*[None] * 5, 3600]


def test_switched_off_nothing_is_counted() -> None:
    limits = RateLimits(on=False)
    assert hits(limits, Limit.CODE_CONTACT, "a", times=50) == [None] * 50


@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server")
def test_processes_that_share_a_redis_count_together_and_alone_without_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await(port)
        one, other = (RateLimits(redis_url=f"redis://127.0.0.1:{port}/0") for _ in range(2))
        assert hits(one, Limit.CODE_CONTACT, "a", times=3) == [None] * 3
        waits = hits(other, Limit.CODE_CONTACT, "a", times=3)
        assert waits[:2] == [None, None]
        assert 3590 <= (waits[2] or 0) <= 3600
    finally:
        server.kill()
        server.wait()
    assert hits(other, Limit.CODE_CONTACT, "a", times=6)[:5] == [None] * 5


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("redis did not start")


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_that_of_one_customer(host: str, counted: str) -> None:
    scope = {"type": "http", "client": (host, 1)}
    assert address_of(HTTPConnection(scope)) == counted


def test_the_eleventh_log_in_of_a_contact_waits_and_others_do_not(client: httpx.Client) -> None:
    def log_in(contact: str) -> httpx.Response:
        return client.post("/api/v1/auth/log-in", json={"email": contact, "password": "wrong"})

    assert [log_in("a@mail.test").status_code for _ in range(10)] == [401] * 10
    refused = log_in("A@mail.test ")
    assert refused.status_code == 429
    assert refused.json()["type"] == "urn:clutch:problem:too-many-requests"
    assert 800 < int(refused.headers["retry-after"]) <= 900
    assert "a@mail.test" not in refused.text
    assert log_in("b@mail.test").status_code == 401


@pytest.mark.parametrize(
    ("path", "proof"),
    [
        ("log-in", {"password": "wrong"}),
        ("log-in", {"code": "123456"}),
        ("verify", {"code": "123456"}),
        ("reset-password", {"code": "123456", "password": "long and easy to say"}),
    ],
)
def test_one_address_alone_keeps_nobody_from_logging_in(
    serve: Any, settings: Settings, path: str, proof: dict[str, str]
) -> None:
    behind = {"rate_limits": "on", "job_workers": 0, "trusted_proxies": "127.0.0.1"}
    with serve(settings.model_copy(update=behind)) as address:

        def tried(by: str) -> int:
            return httpx.post(
                f"{address}/api/v1/auth/{path}",
                json={"email": "a@mail.test", **proof},
                headers={"X-Forwarded-For": by},
                trust_env=False,
            ).status_code

        assert [tried("192.0.2.1") == 429 for _ in range(25)] == [False] * 10 + [True] * 15
        assert [tried("192.0.2.2") == 429 for _ in range(11)] == [False] * 10 + [True]
        assert tried("192.0.2.3") == 429


def test_codes_are_limited_by_contact(client: httpx.Client) -> None:
    asked = {"phone": "01012345678", "purpose": "log_in"}
    got = [client.post("/api/v1/auth/codes", json=asked).status_code for _ in range(6)]
    assert got == [202, 202, 202, 202, 202, 429]


def test_tries_at_tokens_are_limited_by_address_and_keys_are_not(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    def guess(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": f"192.0.2.{token[-1]}"}
        return client.get("/api/v1/auth/me", headers=headers).status_code

    assert [guess(f"clutch_{number}") for number in range(60)] == [401] * 60
    assert guess("clutch_x") == 429
    for _ in range(70):
        asked = client.post("/api/v1/matching/shops", json=question, headers=KEY)
        assert asked.status_code == 200
    assert client.get("/healthz").status_code == 200


def test_uploads_are_limited_by_person(client: httpx.Client, town_in: Any, market: Any) -> None:
    town = town_in(market)
    mona, omar = town.person(), town.person()

    def upload(person: Any) -> int:
        form = {"files": {"file": b"no picture"}, "data": {"purpose": "part_photo"}}
        return client.post("/api/v1/files", headers=person.headers, **form).status_code

    assert [upload(mona) for _ in range(100)] == [422] * 100
    assert (upload(mona), upload(omar)) == (429, 422)


def test_a_trusted_proxy_names_the_caller(serve: Any, settings: Settings) -> None:
    behind = {"rate_limits": "on", "job_workers": 0, "trusted_proxies": "127.0.0.1, 10.0.0.0/8"}
    with serve(settings.model_copy(update=behind)) as address:

        def guess(forwarded: str) -> int:
            headers = {"Authorization": "Bearer clutch_x", "X-Forwarded-For": forwarded}
            return httpx.get(
                f"{address}/api/v1/auth/me", headers=headers, trust_env=False
            ).status_code

        # What a caller writes stands left of what the proxies saw.
        assert [guess(f"203.0.113.{n}, 192.0.2.1, 10.1.2.3") for n in range(60)] == [401] * 60
        assert guess("192.0.2.1") == 429
        assert guess("192.0.2.2, 10.1.2.3") == 401


def test_the_page_has_every_limit() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) (?:in (\d+) minutes|an? (minute|hour)) \|", DOCS, re.M)
    minutes = {"minute": 1, "hour": 60}
    stated = sorted((int(n), int(window or minutes[unit])) for n, window, unit in rows)
    counted = sorted((limit.value[0].amount, limit.value[0].get_expiry() // 60) for limit in Limit)
    assert stated == counted
