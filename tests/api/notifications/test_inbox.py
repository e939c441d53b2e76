"""`/notifications`: the inbox and the choices of whoever calls, through HTTP."""

from collections.abc import Callable
from typing import Any

import httpx

from clutch.ids import uuid7

INBOX = "/api/v1/notifications"


def test_newest_comes_first_a_page_at_a_time(
    people: Callable[..., Any], told: Callable[..., str]
) -> None:
    mona = people()
    ids = [told(mona, "order_expired", order_id="o-1", number=f"A-{n}") for n in range(5)]
    seen, cursor = [], None
    while True:
        page = mona.http.get(INBOX, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200
        assert page.json()["unread_count"] == 5
        seen += page.json()["notifications"]
        if not (cursor := page.json()["next_cursor"]):
            break
    assert [each["notification_id"] for each in seen] == ids[::-1]
    assert {name: seen[0][name] for name in ("type", "title", "message", "data", "read")} == {
        "type": "order_expired",
        "title": "Request A-4 expired",
        "message": "No quote was accepted in time. You can ask again.",
        "data": {"order_id": "o-1", "number": "A-4"},
        "read": False,
    }


def test_an_entry_is_read_once_and_leaves_the_unread_ones(
    people: Callable[..., Any], told: Callable[..., str]
) -> None:
    mona = people()
    first, second = (told(mona, "order_expired", number=number) for number in ("A-1", "A-2"))
    marks = [mona.http.put(f"{INBOX}/{first}/read") for _ in range(2)]
    assert [mark.status_code for mark in marks] == [200, 200]
    assert marks[0].json() == marks[1].json()
    unread = mona.http.get(INBOX, params={"unread": "true"}).json()
    assert [each["notification_id"] for each in unread["notifications"]] == [second]
    assert unread["unread_count"] == 1
    everything = mona.http.get(INBOX).json()["notifications"]
    assert [each["read"] for each in everything] == [False, True]
    assert everything[1]["read_at"] == marks[0].json()["read_at"]


def test_all_is_read_at_once_and_nobody_elses(
    people: Callable[..., Any], told: Callable[..., str]
) -> None:
    mona, omar = people(), people()
    for each in (mona, mona, omar):
        told(each, "order_expired", number="A-1")
    assert mona.http.put(f"{INBOX}/read").json() == {"marked": 2}
    assert mona.http.put(f"{INBOX}/read").json() == {"marked": 0}
    assert mona.http.get(INBOX).json()["unread_count"] == 0
    assert omar.http.get(INBOX).json()["unread_count"] == 1


def test_another_persons_entry_is_as_a_missing_one(
    people: Callable[..., Any], told: Callable[..., str]
) -> None:
    mona, omar = people(), people()
    hers = told(mona, "order_expired", number="A-1")
    answers = [omar.http.put(f"{INBOX}/{each}/read") for each in (hers, uuid7())]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert omar.http.get(INBOX).json()["notifications"] == []
    assert mona.http.get(INBOX).json()["unread_count"] == 1


def test_strangers_have_no_inbox(stranger: httpx.Client) -> None:
    asked = [
        stranger.get(INBOX),
        stranger.put(f"{INBOX}/read"),
        stranger.put(f"{INBOX}/{uuid7()}/read"),
        stranger.get(f"{INBOX}/choices"),
    ]
    assert {each.status_code for each in asked} == {401}


def test_what_cannot_be_used_is_named(people: Callable[..., Any]) -> None:
    mona = people()
    asked = {
        "cursor": mona.http.get(INBOX, params={"cursor": "nonsense"}),
        "limit": mona.http.get(INBOX, params={"limit": 0}),
        "notification_id": mona.http.put(f"{INBOX}/seven/read"),
        "push.gossip": mona.http.put(f"{INBOX}/choices", json={"push": {"gossip": True}}),
        "push.new_quote": mona.http.put(f"{INBOX}/choices", json={"push": {"new_quote": 1}}),
    }
    assert {each.status_code for each in asked.values()} == {422}
    for field, refused in asked.items():
        assert field in refused.json()["errors"][0]["field"]


def test_choices_are_kept_and_those_left_out_stay(people: Callable[..., Any]) -> None:
    mona = people()
    before = mona.http.get(f"{INBOX}/choices").json()
    assert set(before["push"].values()) == {True}
    assert before["wakes"] == ["new_parts_order", "delivery_late"]
    for off in ("new_quote", "announcement"):
        mona.http.put(f"{INBOX}/choices", json={"push": {off: False}})
    after = mona.http.put(f"{INBOX}/choices", json={"push": {"new_quote": True}}).json()
    assert after == mona.http.get(f"{INBOX}/choices").json()
    assert [type for type, on in after["push"].items() if not on] == ["announcement"]


def test_what_is_of_a_type_is_asked_for_by_its_name(
    people: Callable[..., Any], told: Callable[..., str]
) -> None:
    mona = people()
    first = told(mona, "refund_done", number="A-1", amount="1.00")
    told(mona, "order_expired", number="A-1")
    second = told(mona, "refund_done", number="A-2", amount="1.00")
    mona.http.put(f"{INBOX}/{first}/read")

    def found(**asked: Any) -> list[str]:
        page = mona.http.get(INBOX, params={"type": "refund_done"} | asked).json()
        assert page["unread_count"] == 2
        return [each["notification_id"] for each in page["notifications"]]

    assert found() == [second, first]
    assert found(unread=True) == [second]
    refused = mona.http.get(INBOX, params={"type": "gossip"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "type")
