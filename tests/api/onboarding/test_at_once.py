"""Two at once: one shop, one application, one decision, one tax number, one owner left."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx


def at_once(*acts: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Do all acts at the same moment; return their answers."""
    barrier = threading.Barrier(len(acts))
    answers: list[httpx.Response | None] = [None] * len(acts)

    def do(place: int) -> None:
        barrier.wait()
        answers[place] = acts[place]()

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


def test_starting_twice_makes_one_application(place: Any) -> None:
    for _ in range(5):
        applicant = place.caller()
        answers = at_once(*[lambda a=applicant: a.http.post("/api/v1/shop-onboarding/start")] * 4)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["onboarding_id"] for answer in answers}) == 1


def test_completing_twice_makes_one_shop(place: Any) -> None:
    for _ in range(5):
        applicant = place.caller()
        onboarding_id = applicant.apply()
        answers = at_once(*[lambda a=applicant, i=onboarding_id: a.complete(i)] * 3)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        user_id = applicant.person.user_id
        assert place.town.rows(
            "SELECT count(*) FROM shop_member WHERE user_id = :id", id=user_id
        ) == [(1,)]
        assert place.town.rows(
            "SELECT count(*) FROM shop_review WHERE onboarding_id = :id", id=onboarding_id
        ) == [(1,)]


def test_a_tax_number_completed_twice_is_one_shops(place: Any) -> None:
    for tax_number in range(900_000_001, 900_000_006):
        applicants = [place.caller() for _ in range(2)]
        change = {"tax_number": str(tax_number)}
        begun = [(each, each.apply(business_info=change)) for each in applicants]
        answers = at_once(
            *[lambda a=each, i=onboarding: a.complete(i) for each, onboarding in begun]
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}


def test_of_two_administrators_one_decides(place: Any, admin: Any) -> None:
    other = place.caller(role="admin")
    for _ in range(5):
        shop_id = place.caller().complete_application()["shop_id"]
        path = f"/api/v1/admin/shop-reviews/{place.review_of(shop_id)}"
        approved, refused = at_once(
            lambda path=path: admin.http.post(f"{path}/approve"),
            lambda path=path: other.http.post(f"{path}/refuse", json={"reasons": ["no card"]}),
        )
        assert {approved.status_code, refused.status_code} == {200, 409}
        late = max(approved, refused, key=lambda answer: answer.status_code)
        assert late.json()["type"] == "urn:clutch:problem:review-decided"
        ((status,),) = place.town.rows("SELECT status FROM shop WHERE shop_id = :id", id=shop_id)
        assert status == ("active" if approved.status_code == 200 else "pending_verification")
        assert place.town.rows(
            "SELECT count(*) FROM audit_entry WHERE subject = :id AND act LIKE '%e_shop'",
            id=f"shop:{shop_id}",
        ) == [(1,)]


def test_two_changes_of_a_profile_are_both_kept(place: Any) -> None:
    shop_id = place.town.shop()
    one, two = (place.caller(role="shop_owner", shop_id=shop_id) for _ in range(2))
    path = f"/api/v1/shops/{shop_id}/profile"
    for number in range(1, 21):
        at_once(
            lambda n=number: one.http.put(path, json={"markup_percent": float(n)}),
            lambda n=number: two.http.put(path, json={"warranty_days": n}),
        )
        profile = one.http.get(path).json()
        assert (profile["markup_percent"], profile["warranty_days"]) == (number, number)


def test_two_owners_do_not_let_each_other_go_at_once(place: Any) -> None:
    for _ in range(5):
        shop_id = place.town.shop()
        one, two = (place.caller(role="shop_owner", shop_id=shop_id) for _ in range(2))
        path = f"/api/v1/shops/{shop_id}/members"
        answers = at_once(
            lambda a=one, b=two, path=path: a.http.delete(f"{path}/{b.person.user_id}"),
            lambda a=one, b=two, path=path: b.http.delete(f"{path}/{a.person.user_id}"),
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 200
        assert statuses[1] in (403, 409)
        assert place.town.rows(
            "SELECT count(*) FROM shop_member WHERE shop_id = :id", id=shop_id
        ) == [(1,)]
