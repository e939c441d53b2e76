"""The people of a shop: invited, asked themselves, let go."""

from typing import Any

import pytest

MINE = "/api/v1/staff-invitations"


def confirm(place: Any, caller: Any) -> None:
    with place.town.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE app_user SET email_verified_at = now() WHERE user_id = %s",
            (caller.person.user_id,),
        )


def confirmed(place: Any, name: str) -> Any:
    """Return a person who confirmed their e-mail address, and the address."""
    caller = place.caller(name=name)
    confirm(place, caller)
    return caller, f"{caller.person.user_id}@mail.test"


def asked(caller: Any) -> list[Any]:
    found: list[Any] = caller.http.get(MINE).json()["invitations"]
    return found


def accept(caller: Any) -> Any:
    (invitation,) = asked(caller)
    return caller.http.post(f"{MINE}/{invitation['invitation_id']}/accept")


def acts_on(place: Any, shop_id: Any) -> list[str]:
    rows = place.town.rows(
        "SELECT act FROM audit_entry WHERE subject = :id ORDER BY sequence", id=f"shop:{shop_id}"
    )
    return [act for (act,) in rows]


def test_who_was_invited_accepts_works_there_is_promoted_and_leaves(place: Any) -> None:
    shop_id = place.town.shop(name="Nile Parts")
    owner = place.owner(shop_id)
    person, email = confirmed(place, "Sara")
    path = f"/api/v1/shops/{shop_id}/members"

    invited = owner.http.post(path, json={"email": email.upper(), "role": "shop_staff"})
    assert invited.status_code == 201
    assert [each["name"] for each in invited.json()["members"]] == ["Owner"]
    (waiting,) = invited.json()["invitations"]
    assert (waiting["destination"], waiting["role"]) == (email, "shop_staff")
    assert person.http.get(path).status_code == 403
    assert place.town.rows(
        "SELECT title FROM notification WHERE user_id = :id", id=person.person.user_id
    ) == [("Work at Nile Parts?",)]

    (invitation,) = asked(person)
    assert (invitation["shop_name"], invitation["role"]) == ("Nile Parts", "shop_staff")
    assert accept(person).json() == invitation
    assert asked(person) == []
    team = person.http.get(path).json()
    assert [(each["name"], each["role"]) for each in team["members"]] == [
        ("Owner", "shop_owner"),
        ("Sara", "shop_staff"),
    ]
    assert team["invitations"] == []

    promoted = owner.http.post(path, json={"email": email, "role": "shop_owner"}).json()
    assert [each["role"] for each in promoted["members"]] == ["shop_owner", "shop_owner"]
    assert asked(person) == []
    left = owner.http.delete(f"{path}/{owner.person.user_id}").json()
    assert [each["name"] for each in left["members"]] == ["Sara"]
    assert owner.http.get(path).status_code == 403
    assert acts_on(place, shop_id) == ["invite_member", "put_member", "put_member", "remove_member"]


def test_staff_may_go_themselves_and_let_nobody_else_go(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    staff = place.caller(role="shop_staff", shop_id=shop_id)
    path = f"/api/v1/shops/{shop_id}/members"
    assert staff.http.delete(f"{path}/{owner.person.user_id}").status_code == 403
    assert staff.http.delete(f"{path}/{staff.person.user_id}").status_code == 200
    assert staff.http.get(path).status_code == 403
    assert [each["name"] for each in owner.http.get(path).json()["members"]] == ["Owner"]


def test_who_works_at_several_shops_acts_for_the_one_in_the_path(place: Any) -> None:
    first, second = place.town.shop(), place.town.shop()
    staff = place.caller(role="shop_staff", shop_id=first)
    confirm(place, staff)
    body = {"email": f"{staff.person.user_id}@mail.test", "role": "shop_owner"}
    place.owner(second).http.post(f"/api/v1/shops/{second}/members", json=body)
    assert accept(staff).status_code == 200

    change = {"warranty_days": 9}
    paths = [f"/api/v1/shops/{shop_id}/profile" for shop_id in (first, second)]
    assert [staff.http.get(path).status_code for path in paths] == [200, 200]
    assert [staff.http.put(path, json=change).status_code for path in paths] == [403, 200]
    other = {"X-Shop-Id": str(first)}
    assert staff.http.get(paths[1], headers=other).status_code == 404
    assert staff.http.get("/api/v1/shop-quotes/shop-quotes").status_code == 422


def test_an_invited_owner_of_another_shop_works_on_undisturbed(place: Any) -> None:
    shop_id, elsewhere = place.town.shop(), place.town.shop()
    rival = place.owner(elsewhere)
    confirm(place, rival)
    body = {"email": f"{rival.person.user_id}@mail.test", "role": "shop_staff"}
    place.owner(shop_id).http.post(f"/api/v1/shops/{shop_id}/members", json=body)
    assert rival.http.get("/api/v1/shop-quotes/shop-quotes").status_code == 200
    (invitation,) = asked(rival)
    declined = rival.http.delete(f"{MINE}/{invitation['invitation_id']}")
    assert (declined.status_code, declined.json()) == (200, {"invitations": []})
    assert accept_status(rival, invitation) == 404


def accept_status(caller: Any, invitation: Any) -> int:
    status: int = caller.http.post(f"{MINE}/{invitation['invitation_id']}/accept").status_code
    return status


def test_an_invitation_is_for_who_confirms_the_address(place: Any, applicant: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    path = f"/api/v1/shops/{shop_id}/members"
    address = f"{applicant.person.user_id}@mail.test"
    answers = [
        owner.http.post(path, json={"email": email, "role": "shop_staff"})
        for email in (address, "nobody@mail.test")
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert asked(applicant) == []
    assert place.town.rows(
        "SELECT count(*) FROM notification WHERE user_id = :id", id=applicant.person.user_id
    ) == [(0,)]
    confirm(place, applicant)
    assert accept(applicant).status_code == 200


def test_inviting_again_changes_the_role_and_tells_once(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    person, email = confirmed(place, "Sara")
    path = f"/api/v1/shops/{shop_id}/members"
    for role in ("shop_staff", "shop_owner"):
        owner.http.post(path, json={"email": email, "role": role})
    (invitation,) = asked(person)
    assert invitation["role"] == "shop_owner"
    assert place.town.rows(
        "SELECT count(*) FROM notification WHERE user_id = :id", id=person.person.user_id
    ) == [(1,)]


def test_an_invitation_is_taken_back_by_owners_of_that_shop(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    rival_shop = place.town.shop()
    rival = place.owner(rival_shop)
    staff = place.caller(role="shop_staff", shop_id=shop_id)
    person, email = confirmed(place, "Sara")
    path = f"/api/v1/shops/{shop_id}/members"
    owner.http.post(path, json={"email": email, "role": "shop_staff"})
    (invitation,) = asked(person)
    at = f"invitations/{invitation['invitation_id']}"
    assert staff.http.delete(f"{path}/{at}").status_code == 403
    assert rival.http.delete(f"{path}/{at}").status_code == 404
    assert rival.http.delete(f"/api/v1/shops/{rival_shop}/members/{at}").status_code == 404
    assert asked(person) == [invitation]
    taken_back = owner.http.delete(f"{path}/{at}")
    assert (taken_back.status_code, taken_back.json()["invitations"]) == (200, [])
    assert owner.http.delete(f"{path}/{at}").status_code == 404
    assert accept_status(person, invitation) == 404


def test_the_last_owner_stays(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    confirm(place, owner)
    email = f"{owner.person.user_id}@mail.test"
    path = f"/api/v1/shops/{shop_id}/members"
    for refused in (
        owner.http.delete(f"{path}/{owner.person.user_id}"),
        owner.http.post(path, json={"email": email, "role": "shop_staff"}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:clutch:problem:last-owner",
        )
    assert [each["role"] for each in owner.http.get(path).json()["members"]] == ["shop_owner"]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "shop_staff"},
        {"email": "a@mail.test", "phone": "01012345678", "role": "shop_staff"},
        {"email": "a@mail.test", "role": "admin"},
        {"email": "nobody", "role": "shop_staff"},
    ],
)
def test_a_bad_invitation_asks_nobody(place: Any, body: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    path = f"/api/v1/shops/{shop_id}/members"
    assert owner.http.post(path, json=body).status_code == 422
    assert owner.http.get(path).json()["invitations"] == []


def test_who_may_change_the_people_of_a_shop(place: Any, applicant: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    staff = place.caller(role="shop_staff", shop_id=shop_id)
    rival = place.owner(place.town.shop())
    person, email = confirmed(place, "Sara")
    path = f"/api/v1/shops/{shop_id}/members"
    body = {"email": email, "role": "shop_owner"}
    for http, status in (
        (place.client(), 401),
        (applicant.http, 403),
        (person.http, 403),
        (staff.http, 403),
        (rival.http, 404),
    ):
        assert http.post(path, json=body).status_code == status
        assert http.delete(f"{path}/{owner.person.user_id}").status_code == status
    assert len(owner.http.get(path).json()["members"]) == 2
    assert owner.http.delete(f"{path}/{person.person.user_id}").status_code == 404
