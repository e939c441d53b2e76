"""Whatever is wrong with a request is said as a problem that names it, and never repeated."""

import json
import socket
from typing import Any

import httpx
import pytest

from api import bodies

PATH = "/api/v1/matching/shops"
CANARY = "canary"


def problem(answer: Any, status: int, kind: str) -> Any:
    """Check that `answer` is a problem of that kind; give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["type"] == f"urn:clutch:problem:{kind}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert CANARY not in answer.text
    return found


def body(**changed: str) -> bytes:
    """A good body with some values replaced by raw JSON."""
    values = {
        "make": '"toyota"',
        "type": '"Point"',
        "coordinates": "[31.2, 30.0]",
        "more": "",
    } | changed
    location = f'{{"type": {values["type"]}, "coordinates": {values["coordinates"]}}}'
    vehicle = f'{{"make": {values["make"]}}}'
    return f'{{"vehicle": {vehicle}, "delivery_location": {location}{values["more"]}}}'.encode()


LON, LAT = "delivery_location.coordinates[0]", "delivery_location.coordinates[1]"
COORDINATES, FINITE = "delivery_location.coordinates", "a finite number"
ORDER = "(GeoJSON's order is [longitude, latitude])"
PRINTED = "text that is not blank, without control characters"
HUGE = "9" * 4_000
PARTS = ', "parts": [%s]'

FIELDS = [
    ({"coordinates": "[NaN, 30]"}, LON, FINITE),
    ({"coordinates": "[31, Infinity]"}, LAT, FINITE),
    ({"coordinates": "[31, -Infinity]"}, LAT, FINITE),
    ({"coordinates": "[1e999, 30]"}, LON, FINITE),
    ({"coordinates": "[true, 30]"}, LON, "a number"),
    ({"coordinates": '["31.2", 30]'}, LON, "a number"),
    ({"coordinates": "[null, 30]"}, LON, "a number"),
    ({"coordinates": f"[{HUGE}, 30]"}, LON, "a number"),
    ({"coordinates": "[30.0, 131.2]"}, LAT, f"a latitude from -90 to 90 {ORDER}"),
    ({"coordinates": "[-180.1, 30]"}, LON, f"a longitude from -180 to 180 {ORDER}"),
    ({"coordinates": "[31, 30, 12]"}, COORDINATES, "at most 2 entries"),
    ({"coordinates": "[31]"}, LAT, "a value"),
    ({"coordinates": "[[31, 30]]"}, LON, "a number"),
    ({"coordinates": '{"lon": 31}'}, COORDINATES, "a list"),
    ({"coordinates": "null"}, COORDINATES, "a list"),
    ({"type": '"Polygon"'}, "delivery_location.type", "'Point'"),
    ({"type": "1"}, "delivery_location.type", "'Point'"),
    ({"make": "7"}, "vehicle.make", "text"),
    ({"make": '""'}, "vehicle.make", "text that is not empty"),
    ({"make": '"\\ud800"'}, "vehicle.make", "text that is valid Unicode"),
    ({"make": '"to\\u0000yota"'}, "vehicle.make", PRINTED),
    ({"make": '"  \\u00a0"'}, "vehicle.make", PRINTED),
    ({"make": '"' + CANARY * 10_000 + '"'}, "vehicle.make", "at most 120 characters"),
    ({"make": '"kia", "year": 1850'}, "vehicle.year", "a value of 1900 or more"),
    ({"make": f'"kia", "year": {HUGE}'}, "vehicle.year", "a value of 2100 or less"),
    ({"more": ', "limit": 0'}, "limit", "a value of 1 or more"),
    ({"more": ', "limit": 51'}, "limit", "a value of 50 or less"),
    ({"more": ', "limit": 1.5'}, "limit", "a whole number"),
    ({"more": ', "limit": "5"'}, "limit", "a whole number"),
    ({"more": ', "limit": true'}, "limit", "a whole number"),
    ({"more": ', "limit": NaN'}, "limit", "a whole number"),
    ({"more": f', "limit": {HUGE}'}, "limit", "a value of 50 or less"),
    ({"more": ', "max_distance_km": 0'}, "max_distance_km", "a value above 0"),
    ({"more": ', "max_distance_km": -1'}, "max_distance_km", "a value above 0"),
    ({"more": ', "max_distance_km": 20101'}, "max_distance_km", "a value of 20100 or less"),
    ({"more": ', "max_distance_km": NaN'}, "max_distance_km", FINITE),
    ({"more": ', "parts": {}'}, "parts", "a list"),
    ({"more": PARTS % "3"}, "parts[0]", "an object"),
    ({"more": PARTS % '{"quantity": 1}'}, "parts[0]", "a number or a name"),
    ({"more": PARTS % '{"number": "\\ud800"}'}, "parts[0].number", "text that is valid Unicode"),
    ({"more": PARTS % '{"name": "a\\u0000"}'}, "parts[0].name", PRINTED),
    ({"more": PARTS % ", ".join(["{}"] * 60_000)}, "parts", "at most 50 entries"),
    ({"more": ', "limt": 3'}, "limt", "no such field"),
    ({"more": f', "{CANARY * 9}": 3'}, "body.(unnamed)", "no such field"),
    ({"more": ', "\\ud800": 3'}, "body", "text that is valid Unicode"),
    ({"make": '"kia", "colour": 1'}, "vehicle.colour", "no such field"),
]


@pytest.fixture
def post(client: httpx.Client) -> Any:
    headers = {"content-type": "application/json"}
    return lambda content: client.post(PATH, content=content, headers=headers)


@pytest.mark.parametrize(("changed", "field", "expected"), FIELDS)
def test_a_wrong_field_is_named_with_what_was_expected(
    post: Any, changed: dict[str, str], field: str, expected: str
) -> None:
    found = problem(post(body(**changed)), 422, "invalid-input")
    assert {"field": field, "expected": expected} in found["errors"]
    assert found["detail"].startswith(found["errors"][0]["field"])


def test_nothing_is_not_a_question(post: Any) -> None:
    found = problem(post(b""), 422, "invalid-input")
    assert found["errors"] == [{"field": "body", "expected": "a value"}]


@pytest.mark.parametrize("content", [b"[]", b'"canary"', b"3", b"true", b"null"])
def test_only_an_object_is_a_question(post: Any, content: bytes) -> None:
    found = problem(post(content), 422, "invalid-input")
    assert found["errors"] == [{"field": "body", "expected": "an object"}]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"canary",
        b"[" * 100_000,
        b'{"a":' * 40_000,
        body().replace(b"toyota", b"\xff\xfe"),
        body().replace(b"toyota", b"\xed\xa0\x80"),
        body().decode().encode("utf-16"),
        body(more=', "limit": 3, "limit": 4'),
        body(more=f', "limit": {"9" * 5_000}'),
    ],
    ids=["cut", "text", "deep", "deep2", "broken", "surrogate", "utf16", "twice", "digits"],
)
def test_what_is_not_json_cannot_be_read(post: Any, content: bytes) -> None:
    problem(post(content), 400, "malformed")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/jsonp"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
def test_a_body_of_another_type_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    problem(client.post(PATH, content=body(), headers=headers), 415, "unsupported-media-type")


def test_parameters_of_the_content_type_do_not_matter(client: httpx.Client) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post(PATH, content=body(), headers=headers).status_code == 200


def test_a_million_parts_are_too_many_bytes(post: Any) -> None:
    parts = ", ".join(["{}"] * 1_000_000)
    found = problem(post(body(more=f', "parts": [{parts}]')), 413, "too-large")
    assert found["detail"] == "body: expected at most 262144 bytes"


def test_a_huge_body_is_refused_by_its_length(post: Any) -> None:
    problem(post(b" " * 50_000_000), 413, "too-large")


def test_a_body_that_does_not_arrive_is_not_waited_for(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.1)
    host, port = address.removeprefix("http://").split(":")
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer a key for the tests\r\nContent-Length: 100\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(head.encode() + b"{")
        answer = slow.recv(65_536).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "urn:clutch:problem:too-slow" in answer


def test_a_body_without_a_length_is_counted_as_it_comes(post: Any) -> None:
    problem(post(iter([b" " * 100_000] * 3)), 413, "too-large")


def test_an_unknown_make_comes_with_the_nearest_names(client: httpx.Client) -> None:
    question = json.loads(body()) | {"vehicle": {"make": "Hyunday"}}
    found = problem(client.post(PATH, json=question), 422, "unknown-make")
    assert found["errors"][0]["field"] == "vehicle.make"
    assert found["errors"][0]["suggestions"][0] == "Hyundai"
    assert "Hyunday" not in json.dumps(found)


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    for path in ("/", "/api/v1/canary", "/healthz/", "/static-offline-docs/canary.js"):
        problem(client.get(path), 404, "not-found")


def test_a_wrong_method_says_which_are_right(client: httpx.Client) -> None:
    wrong = client.get(PATH)
    problem(wrong, 405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"
    wrong = client.delete("/healthz")
    problem(wrong, 405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET"
