"""`/devices`: where the caller's push messages go, through HTTP."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from clutch.ids import uuid7
from jobs.tools import Tools
from jobs.worker import run_due
from notifications.push import RecordingPush

DEVICES = "/api/v1/devices"


def _phone() -> dict[str, str]:
    return {"token": secrets.token_urlsafe(24), "platform": "android"}


def _ids(asking: Any) -> list[str]:
    return [each["device_id"] for each in asking.http.get(DEVICES).json()["devices"]]


def test_a_device_registered_again_is_the_same_device(people: Callable[..., Any]) -> None:
    mona, phone = people(), _phone()
    first, again = (mona.http.post(DEVICES, json=phone) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["platform"] == "android"
    assert _ids(mona) == [first.json()["device_id"]]


def test_a_token_goes_over_to_the_last_who_registered_it(people: Callable[..., Any]) -> None:
    mona, omar, phone = people(), people(), _phone()
    hers = mona.http.post(DEVICES, json=phone).json()["device_id"]
    his = omar.http.post(DEVICES, json=phone).json()["device_id"]
    assert hers != his
    assert (_ids(mona), _ids(omar)) == ([], [his])
    assert mona.http.delete(f"{DEVICES}/{hers}").status_code == 404
    assert _ids(omar) == [his]


def test_a_device_is_removed_by_its_owner_alone(people: Callable[..., Any]) -> None:
    mona, omar = people(), people()
    hers = mona.http.post(DEVICES, json=_phone()).json()["device_id"]
    refusals = [omar.http.delete(f"{DEVICES}/{each}") for each in (hers, uuid7())]
    assert [each.status_code for each in refusals] == [404, 404]
    assert refusals[0].json() == refusals[1].json()
    assert _ids(mona) == [hers]
    gone = mona.http.delete(f"{DEVICES}/{hers}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert _ids(mona) == []
    assert mona.http.delete(f"{DEVICES}/{hers}").status_code == 404


def test_the_newest_twenty_devices_stay(people: Callable[..., Any]) -> None:
    mona = people()
    ids = [mona.http.post(DEVICES, json=_phone()).json()["device_id"] for _ in range(21)]
    assert _ids(mona) == ids[:0:-1]


@pytest.mark.parametrize("everywhere", [True, False])
def test_who_logs_out_hears_there_no_more(
    people: Callable[..., Any], tools: Tools, told: Callable[..., str], everywhere: bool
) -> None:
    mona, phone = people(), _phone()
    mona.http.post(DEVICES, json=phone)
    told(mona, "order_expired", number="A-1")
    assert mona.http.post("/api/v1/auth/log-out", json={"everywhere": everywhere}).is_success
    told(mona, "order_expired", number="A-2")
    push = RecordingPush()
    run_due(replace(tools, push=push))
    assert phone["token"] not in [message.token for message in push.messages]


def test_who_is_logged_in_hears(
    people: Callable[..., Any], tools: Tools, told: Callable[..., str]
) -> None:
    mona, phone = people(), _phone()
    mona.http.post(DEVICES, json=phone)
    told(mona, "order_expired", number="A-1")
    push = RecordingPush()
    run_due(replace(tools, push=push))
    assert [each.token for each in push.messages].count(phone["token"]) == 1


def test_a_request_sent_again_under_its_key_is_done_once(people: Callable[..., Any]) -> None:
    mona, phone = people(), _phone()
    key = {"Idempotency-Key": f"device-{uuid7()}"}
    first, again = (mona.http.post(DEVICES, json=phone, headers=key) for _ in range(2))
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert mona.http.post(DEVICES, json=_phone(), headers=key).status_code == 422


@pytest.mark.parametrize(
    ("field", "spoilt"),
    [
        ("token", {"token": "with a space"}),
        ("token", {"token": "x" * 1_025}),
        ("token", {"token": None}),
        ("platform", {"platform": "fridge"}),
        ("colour", {"colour": "red"}),
    ],
)
def test_what_cannot_be_used_is_named(
    people: Callable[..., Any], field: str, spoilt: dict[str, Any]
) -> None:
    mona = people()
    refused = mona.http.post(DEVICES, json=_phone() | spoilt)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field
    assert _ids(mona) == []


def test_strangers_have_no_devices(stranger: httpx.Client) -> None:
    asked = [
        stranger.post(DEVICES, json=_phone()),
        stranger.get(DEVICES),
        stranger.delete(f"{DEVICES}/{uuid7()}"),
    ]
    assert {each.status_code for each in asked} == {401}
