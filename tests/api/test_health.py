"""`/healthz`, `/readyz`, `/metrics`."""

import re
from typing import Any

import httpx

PATH = "/api/v1/matching/shops"


def test_a_server_with_its_database_lives_and_is_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def counted(client: httpx.Client, **labels: str) -> float:
    """The number of requests with these labels."""
    text = client.get("/metrics").text
    wanted = {f'{name}="{value}"' for name, value in labels.items()}
    return sum(
        float(value)
        for found, value in re.findall(r"^clutch_http_requests_total{(.*)} (.*)$", text, re.M)
        if wanted <= set(found.split(","))
    )


def test_requests_are_counted_by_route_and_status(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    def counts() -> tuple[float, float]:
        return (
            counted(client, method="POST", route=PATH, status="200"),
            counted(client, method="POST", route=PATH, status="422"),
        )

    good, bad = counts()
    client.post(PATH, json=question)
    client.post(PATH, json=question | {"limit": 0})
    client.post(PATH, json=question | {"limit": 0})
    assert counts() == (good + 1, bad + 2)


def test_times_are_counted_with_the_requests(client: httpx.Client) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert re.search(r'clutch_http_request_seconds_bucket{le="0.001".*route="/healthz".*} \d', text)


def test_what_callers_make_up_shares_one_label(client: httpx.Client) -> None:
    before = counted(client, method="any", route="unknown", status="404")
    for made_up in ("a", "b", "c"):
        client.get(f"/{made_up}")
    assert counted(client, method="any", route="unknown", status="404") == before + 3
    client.request("PURGE", "/healthz")
    assert "PURGE" not in client.get("/metrics").text


def test_metrics_count_the_jobs(client: httpx.Client) -> None:
    figures = client.get("/metrics").text
    assert [f'clutch_jobs{{status="{status}"}}' in figures for status in ("todo", "failed")] == [
        True,
        True,
    ]
