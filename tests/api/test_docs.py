"""`/docs` and the OpenAPI document say what the API does, from this machine alone."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import errors
from api.problems import Problem

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
HTTP_METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client: httpx.Client) -> Any:
    return client.get("/openapi.json").json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in HTTP_METHODS
    ]


def test_the_page_and_its_assets_come_from_here(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page.text)
    assets = re.findall(r"""(?:src|href)=["'](/[^"']+)""", page.text)
    assert len(assets) >= 2
    for asset in assets:
        assert client.get(asset).status_code == 200


def test_every_example_works_as_it_stands(client: httpx.Client, document: Any) -> None:
    posted = 0
    for path, method, operation in operations(document):
        if "requestBody" not in operation:
            continue
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for example in document["components"]["schemas"][reference.split("/")[-1]]["examples"]:
            assert client.request(method, path, json=example).status_code == 200
            posted += 1
    assert posted >= 2


def test_every_problem_is_documented_as_one(document: Any) -> None:
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status != "200":
                schema = response["content"]["application/problem+json"]["schema"]
                assert list(response["content"]) == ["application/problem+json"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
    assert {"Problem", "FieldFault"} <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(document))):
        found = document
        for step in reference.split("/"):
            found = found[step]


def test_operations_have_plain_ids_and_say_what_they_do(document: Any) -> None:
    found = {path: operation for path, _, operation in operations(document)}
    assert {path: operation["operationId"] for path, operation in found.items()} == {
        "/api/v1/matching/shops": "match_shops",
        "/healthz": "healthz",
        "/readyz": "readyz",
        "/metrics": "metrics",
    }
    for operation in found.values():
        assert len(operation["description"]) > 20


def test_what_is_guarded_says_so(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["serviceKey"]["scheme"] == "bearer"
    for path, _, operation in operations(document):
        guarded = path.startswith("/api/")
        assert operation["security"] == ([{"serviceKey": []}] if guarded else [])
        assert ("401" in operation["responses"]) == guarded


def test_the_page_names_every_problem_and_every_path(document: Any) -> None:
    types = {f"urn:clutch:problem:{slug}" for _, (_, slug, _) in errors._STATUSES}
    types |= {f"urn:clutch:problem:{slug}" for slug, _, _ in errors._BY_FRAMEWORK.values()}
    types.add(f"urn:clutch:problem:{errors._OUR_FAULT[1]}")
    assert set(re.findall(r"^\\| `(urn:\S+)`", PAGE, re.M)) == types
    for path, _, _ in operations(document):
        assert path in PAGE


def test_the_page_names_every_field(document: Any) -> None:
    for name in ("MatchRequest", "Vehicle", "Part", "Matches", "Match", "ShopSummary", "Promise"):
        for field in document["components"]["schemas"][name]["properties"]:
            assert re.search(rf"[`.]{field}[`.\\[]", PAGE), field


def test_the_examples_of_the_page_work(
    client: httpx.Client,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent = re.findall(r"-d '(\{.*?\})'", PAGE, re.S)
    assert len(sent) == 1
    assert (
        len(client.post("/api/v1/matching/shops", json=json.loads(sent[0])).json()["matches"]) == 3
    )

    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    monkeypatch.setenv("CLUTCH_SERVICE_KEY", "a key for the tests")
    program = program.replace("http://127.0.0.1:8000", address).replace("فولكس فاجن", "تويوتا")
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - the page's own words
    names["clutch"].close()
    assert capsys.readouterr().out.count("shop ") == 10

    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    Problem.model_validate_json(shown, strict=True, extra="forbid")
