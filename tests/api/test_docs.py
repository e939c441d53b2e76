"""`/docs` and the OpenAPI document say what the API does, from this machine alone."""

import re
from typing import Any

import httpx
import pytest

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
