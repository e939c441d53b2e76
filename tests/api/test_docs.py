"""`/docs` and the OpenAPI document say what the API does, from this machine alone."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from accounts.principal import Role
from api import errors
from api.access import NotDeclared, assert_declared
from api.access import operations as declared
from api.app import create_app
from api.bodies import JsonRoute, UploadRoute
from api.problems import Problem
from clutch.errors import ClutchError, Conflict, Forbidden
from clutch.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
PAGES = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
APP = create_app(Settings())
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


def test_every_post_that_creates_takes_an_idempotency_key(document: Any) -> None:
    creating = [
        (path, {each["name"] for each in operation["parameters"]})
        for path, method, operation in operations(document)
        if method == "post" and "201" in operation["responses"]
    ]
    assert len(creating) >= 15
    assert [path for path, taken in creating if "Idempotency-Key" not in taken] == []


def test_every_example_of_the_order_service_works_as_it_stands(
    client: httpx.Client, document: Any
) -> None:
    examples = document["components"]["schemas"]["MatchRequest"]["examples"]
    assert len(examples) >= 2
    for example in examples:
        assert client.post("/api/v1/matching/shops", json=example).status_code == 200


def bodies() -> list[Any]:
    routes = (context.original_route for context in iter_route_contexts(APP.routes))
    return [
        pytest.param(route.body_field.field_info.annotation, id=route.name)
        for route in routes
        if isinstance(route, JsonRoute) and not isinstance(route, UploadRoute) and route.body_field
    ]


@pytest.mark.parametrize("model", bodies())
def test_every_body_has_examples_that_it_takes(model: Any) -> None:
    reader: TypeAdapter[Any] = TypeAdapter(model)
    schema = reader.json_schema()
    for example in schema["examples"]:
        reader.validate_json(json.dumps(example))
    assert len(schema["examples"]) >= 1


def closed(schema: Any) -> Any:
    """The schema, but with no field that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return more | {name: closed(each) for name, each in schema.items()}


def examples_of(content: Any, schemas: Any) -> list[Any]:
    """The examples of an answer: its own, else those of each schema that it may have."""
    if "example" in content:
        return [content["example"]]
    references = re.findall(r"'#/components/schemas/(\w+)'", str(content["schema"]))
    return [schemas[name]["examples"][0] for name in references]


def test_every_answer_has_an_example_that_fits_its_schema(document: Any) -> None:
    schemas = document["components"]["schemas"]
    everything = closed({"components": {"schemas": schemas}})
    checked = 0
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            for kind, content in response.get("content", {}).items():
                if not kind.endswith("json"):
                    continue
                shown = examples_of(content, schemas)
                reader = Draft202012Validator(everything | {"allOf": [closed(content["schema"])]})
                for example in shown:
                    reader.validate(example)
                assert shown
                checked += 1
    assert checked > 500


def test_every_default_fits_its_schema(document: Any) -> None:
    schemas = document["components"]["schemas"]
    checked = 0
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if "default" in field:
                reader = Draft202012Validator({"components": {"schemas": schemas}} | field)
                reader.validate(field["default"])
                checked += 1
    assert checked > 20


def test_what_stays_when_it_is_left_out_shows_no_default(document: Any) -> None:
    changes = {
        name: schema["properties"]
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Change")
    }
    assert {"OrderChange", "PersonChange", "ShopProfileChange"} <= set(changes)
    assert [
        (name, field)
        for name, fields in changes.items()
        for field, schema in fields.items()
        if "default" in schema
    ] == []


def test_forms_that_are_refused_in_words_are_in_the_document(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["EndpointBody"]["properties"]["url"]["pattern"].startswith("^https?://")
    assert schemas["DeviceBody"]["properties"]["token"]["pattern"].startswith("^[")
    parameters = document["paths"]["/api/v1/events"]["get"]["parameters"]
    (room,) = [each["schema"] for each in parameters if each["name"] == "room"]
    assert room["pattern"].startswith("^(user|shop)-")


def test_every_problem_is_documented_as_one(document: Any) -> None:
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
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
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert [each for each in ids if not re.fullmatch(r"[a-z][a-z_]+", each)] == []
    for _, _, operation in operations(document):
        assert len(operation["description"].partition("\n")[0]) > 20


def test_a_generated_client_gets_plain_names(document: Any) -> None:
    assert [
        name
        for name in document["components"]["schemas"]
        if not re.fullmatch(r"[A-Z][A-Za-z]+", name)
    ] == []


def test_every_tag_says_what_it_is_about(document: Any) -> None:
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"]}


def test_what_is_guarded_says_so(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {schemes[name]["scheme"] for name in ("accessToken", "serviceKey")} == {"bearer"}
    rules = {(each.path, each.method.lower()): each.access for each in declared(APP, "/api/")}
    assert len(rules) > 20
    for path, method, operation in operations(document):
        rule = rules.get((path, method))
        assert (rule is None) != path.startswith("/api/")
        if rule is None or rule.is_public:
            assert operation["security"] == []
            continue
        assert {"401", "403", "429", "503"} <= set(operation["responses"])
        for role in rule.roles:
            assert f"`{role}`" in operation["description"].rpartition("\n")[2]
        shown = {name for each in operation["security"] for name in each}
        programs = {Role.ORDER_SERVICE, Role.PIPELINE}
        assert ("serviceKey" in shown) == bool(rule.roles & programs)
        assert ("accessToken" in shown) == bool(rule.roles - programs)


def test_an_operation_without_a_rule_stops_the_start() -> None:
    app = FastAPI()
    router = APIRouter(prefix="/api/v1/secrets", route_class=JsonRoute)

    @router.get("/mine", name="my_secrets")
    def mine() -> None: ...

    inner = APIRouter()
    inner.include_router(router)
    app.include_router(inner)
    with pytest.raises(NotDeclared, match="my_secrets"):
        assert_declared(app, "/api/")


def test_the_page_names_every_problem_and_every_path(document: Any) -> None:
    types = {f"urn:clutch:problem:{slug}" for _, (_, slug, _) in errors._STATUSES}
    types |= {f"urn:clutch:problem:{slug}" for slug, _, _ in errors._BY_FRAMEWORK.values()}
    types.add(f"urn:clutch:problem:{errors._OUR_FAULT[1]}")
    assert set(re.findall(r"^\| `(urn:\S+)`", PAGE, re.M)) == types
    assert [path for path, _, _ in operations(document) if path not in PAGES] == []


def kinds(of: type[ClutchError]) -> list[type[ClutchError]]:
    return [each for kind in of.__subclasses__() for each in (kind, *kinds(kind))]


def test_the_page_names_every_refusal_of_its_own_kind() -> None:
    _, _, listed = PAGE.partition("Refusals of their own kind")
    conflicts, forbidden = (
        {errors._slug(kind.__new__(kind), "") for kind in kinds(refusal)}
        for refusal in (Conflict, Forbidden)
    )
    assert len(conflicts) > 30
    rows = re.findall(r"^\| [^|`]+ \| (`.+) \|$", listed.partition("## Every")[0], re.M)
    named = [re.findall(r"`([a-z-]+)`", part) for part in "; ".join(rows).split("403:")]
    # After each `403:` one name, then those of the next row.
    denied = {names[0] for names in named[1:]}
    assert denied == forbidden
    assert {name for names in named for name in names} == conflicts | forbidden


def test_the_page_lists_every_operation_once(document: Any) -> None:
    listed = re.findall(r"^\| `([A-Z]+ /api/\S+)`", PAGE, re.M)
    there = [
        f"{method.upper()} {path}"
        for path, method, _ in operations(document)
        if path.startswith("/api/")
    ]
    assert sorted(listed) == sorted(there)


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
