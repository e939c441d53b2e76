"""`POST /notifications/send`: administrators tell many, through HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from clutch.ids import uuid7
from jobs.tools import Tools
from jobs.worker import run_due
from notifications.push import Outcome, RecordingPush
from notifications.queries.inbox import with_role
from storage.session import PLATFORM, transaction

SEND, INBOX = "/api/v1/notifications/send", "/api/v1/notifications"
NEWS = {
    "en": {"title": "Open on Friday", "message": "Shops answer on Fridays."},
    "ar": {"title": "نعمل يوم الجمعة", "message": "المحلات ترد يوم الجمعة."},
    "data": {"campaign": "fridays"},
}


def _inbox(asking: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = asking.http.get(INBOX).json()["notifications"]
    return entries


def test_each_is_told_once_and_the_outcome_of_each_is_reported(
    people: Callable[..., Any],
) -> None:
    admin, mona, omar = people(role="admin"), people(), people()
    omar.http.put(f"{INBOX}/choices", json={"push": {"announcement": False}})
    nobody = str(uuid7())
    sent = admin.http.post(SEND, json=NEWS | {"user_ids": [mona.id, omar.id, nobody, mona.id]})
    assert sent.status_code == 201
    [hers], [his] = _inbox(mona), _inbox(omar)
    entry, other = hers["notification_id"], his["notification_id"]
    assert sent.json() == {
        "results": [
            {"user_id": mona.id, "notification_id": entry, "outcome": "queued"},
            {"user_id": omar.id, "notification_id": other, "outcome": "switched_off"},
            {"user_id": nobody, "notification_id": None, "outcome": "unknown_user"},
        ],
        "more_follow": False,
    }
    assert (hers["type"], hers["title"], hers["data"]) == (
        "announcement",
        "Open on Friday",
        {"campaign": "fridays"},
    )
    assert his["message"] == "Shops answer on Fridays."


def test_one_text_is_for_readers_of_either_language(people: Callable[..., Any]) -> None:
    admin, mona, omar = people(role="admin"), people(), people()
    assert omar.http.patch("/api/v1/users/me", json={"locale": "ar"}).status_code == 200
    once = {"title": "نعمل يوم الجمعة", "message": "All shops."}
    told = admin.http.post(SEND, json={**once, "user_ids": [mona.id, omar.id]})
    assert told.status_code == 201
    for reader in (mona, omar):
        (entry,) = _inbox(reader)
        assert {"title": entry["title"], "message": entry["message"]} == once


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"en": NEWS["en"]},
        {"title": "Open"},
        {"title": "Open", "message": "On Friday", "ar": NEWS["ar"]},
        NEWS | {"title": "Open"},
    ],
)
def test_a_text_is_in_both_languages_or_written_once(
    people: Callable[..., Any], texts: dict[str, Any]
) -> None:
    refused = people(role="admin").http.post(SEND, json={**texts, "role": "admin"})
    assert refused.status_code == 422
    assert "`en` and `ar`, or `title` and `message`" in refused.text


def test_a_shops_staff_is_told_and_others_are_not(
    people: Callable[..., Any], town_in: Callable[..., Any], market: Any
) -> None:
    # Of a make that nobody else asks the shared market for.
    shop_id, elsewhere = (town_in(market).shop(brand_id=40) for _ in range(2))
    owner = people(shop_id=shop_id)
    staff = people(shop_id=shop_id, role="shop_staff")
    other = people(shop_id=elsewhere)
    sent = people(role="admin").http.post(SEND, json=NEWS | {"shop_id": str(shop_id)})
    assert {each["user_id"] for each in sent.json()["results"]} == {owner.id, staff.id}
    assert [len(_inbox(each)) for each in (owner, staff, other)] == [1, 1, 0]


def test_to_customers_goes_what_is_for_those_who_are_nothing_else(
    people: Callable[..., Any], town_in: Callable[..., Any], market: Any, tools: Tools
) -> None:
    shop_id = town_in(market).shop(brand_id=40)
    owner, analyst, mona = people(shop_id=shop_id), people(role="analyst"), people()
    with transaction(tools.engine, PLATFORM) as session:
        customers = {each.user_id for each in with_role(session, "announcement", "customer")}
    assert {UUID(each.id) for each in (owner, analyst, mona)} & customers == {UUID(mona.id)}


def test_a_missing_shop_is_told_as_such_and_one_without_staff_is_not(
    people: Callable[..., Any], town_in: Callable[..., Any], market: Any
) -> None:
    admin, empty = people(role="admin"), town_in(market).shop(brand_id=40)
    asked = [admin.http.post(SEND, json=NEWS | {"shop_id": str(id)}) for id in (uuid7(), empty)]
    assert [each.status_code for each in asked] == [404, 201]
    assert asked[1].json()["results"] == []


def test_what_it_is_about_may_be_said_in_the_seeds_names_and_goes_with_the_push(
    people: Callable[..., Any], tools: Tools
) -> None:
    mona = people()
    mona.http.post("/api/v1/devices", json={"token": f"phone-{uuid7()}", "platform": "ios"})
    for data in ({"orderId": "o-1", "shopId": "s-1"}, {"order_id": "o-2", "shop_id": "s-2"}):
        sent = people(role="admin").http.post(
            SEND, json=NEWS | {"user_ids": [mona.id], "data": data}
        )
        assert sent.status_code == 201
    push = RecordingPush()
    run_due(replace(tools, push=push))
    about = {(each.order_id, each.shop_id) for each in push.messages}
    assert {("o-1", "s-1"), ("o-2", "s-2")} <= about


def test_what_became_of_each_push_is_seen(people: Callable[..., Any], tools: Tools) -> None:
    admin, mona = people(role="admin"), people()
    living, dead = (f"phone-{uuid7()}" for _ in range(2))
    ids = {
        token: mona.http.post("/api/v1/devices", json={"token": token, "platform": "ios"}).json()
        for token in (living, dead)
    }
    sent = admin.http.post(SEND, json=NEWS | {"user_ids": [mona.id]})
    [receipt] = sent.json()["results"]
    path = f"{INBOX}/{receipt['notification_id']}/attempts"
    assert admin.http.get(path).json() == {"attempts": []}
    run_due(
        replace(
            tools,
            push=RecordingPush(
                lambda message: (
                    Outcome("dead_token", "NOT_FOUND: UnregisteredError")
                    if message.token == dead
                    else Outcome("sent")
                )
            ),
        )
    )
    tried = {each["device_id"]: each for each in admin.http.get(path).json()["attempts"]}
    assert {id: (each["outcome"], each["detail"]) for id, each in tried.items()} == {
        ids[living]["device_id"]: ("sent", None),
        ids[dead]["device_id"]: ("dead_token", "NOT_FOUND: UnregisteredError"),
    }
    assert {each["channel"] for each in tried.values()} == {"push"}
    assert admin.http.get(f"{INBOX}/{uuid7()}/attempts").status_code == 404
    assert mona.http.get(path).status_code == 403


def test_a_role_is_told(people: Callable[..., Any]) -> None:
    analyst, admin, mona = people(role="analyst"), people(role="admin"), people()
    sent = admin.http.post(SEND, json=NEWS | {"role": "analyst"})
    told = {each["user_id"] for each in sent.json()["results"]}
    assert analyst.id in told
    assert not {admin.id, mona.id} & told
    assert len(_inbox(analyst)) == 1


def test_sent_again_under_its_key_it_is_told_once(people: Callable[..., Any]) -> None:
    admin, mona = people(role="admin"), people()
    key = {"Idempotency-Key": f"news-{uuid7()}"}
    body = NEWS | {"user_ids": [mona.id]}
    first, again = (admin.http.post(SEND, json=body, headers=key) for _ in range(2))
    assert first.content == again.content
    assert len(_inbox(mona)) == 1


def test_a_thousand_are_told_in_one_request_and_no_more(people: Callable[..., Any]) -> None:
    admin, mona = people(role="admin"), people()
    ids = [mona.id, *(str(uuid7()) for _ in range(999))]
    sent = admin.http.post(SEND, json=NEWS | {"user_ids": ids})
    outcomes = [each["outcome"] for each in sent.json()["results"]]
    assert outcomes == ["queued", *["unknown_user"] * 999]
    refused = admin.http.post(SEND, json=NEWS | {"user_ids": [*ids, str(uuid7())]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "user_ids"
    assert len(_inbox(mona)) == 1


@pytest.mark.parametrize("role", ["analyst", None])
def test_only_administrators_send(people: Callable[..., Any], role: str | None) -> None:
    mona = people(role=role)
    assert mona.http.post(SEND, json=NEWS | {"user_ids": [mona.id]}).status_code == 403
    assert _inbox(mona) == []


def test_strangers_and_programs_do_not_send(stranger: httpx.Client, client: httpx.Client) -> None:
    asked = [each.post(SEND, json=NEWS | {"role": "admin"}) for each in (stranger, client)]
    assert [each.status_code for each in asked] == [401, 403]


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"role": "customer", "shop_id": str(uuid7())},
        {"role": "order_service"},
        {"user_ids": []},
        {"user_ids": ["mona"]},
        {"role": "admin", "type": "gossip"},
        {"role": "admin", "en": {"title": "Open", "message": "bell \x07"}},
        {"role": "admin", "ar": None},
        {"role": "admin", "en": {"title": "  ", "message": "Open."}},
        {"role": "admin", "en": {"title": "Open", "message": "\n \u00a0"}},
        {"role": "admin", "data": {"campaign": 7}},
        {"role": "admin", "data": {"Not a name": "x"}},
    ],
)
def test_what_cannot_be_used_is_refused(people: Callable[..., Any], spoilt: dict[str, Any]) -> None:
    assert people(role="admin").http.post(SEND, json=NEWS | spoilt).status_code == 422
