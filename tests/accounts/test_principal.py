"""Roles: the one in the shop that a caller acts for counts."""

from uuid import UUID

import pytest

from accounts.principal import ANONYMOUS, Principal, Role
from clutch.errors import Forbidden
from storage.session import PLATFORM, Tenant

HERE, THERE, USER = UUID(int=1), UUID(int=2), UUID(int=3)
BOTH = {HERE: Role.SHOP_OWNER, THERE: Role.SHOP_STAFF}


def person(shop_id: UUID | None) -> Principal:
    return Principal(
        name="user:3",
        roles=frozenset({Role.CUSTOMER}),
        user_id=USER,
        shops=BOTH,
        shop_id=shop_id,
    )


@pytest.mark.parametrize(("shop_id", "owns"), [(None, True), (HERE, True), (THERE, False)])
def test_who_owns_one_shop_is_not_the_owner_of_another(shop_id: UUID | None, owns: bool) -> None:
    assert person(shop_id).is_any({Role.SHOP_OWNER}) is owns
    assert person(shop_id).is_any({Role.SHOP_STAFF})
    assert person(shop_id).is_any({Role.CUSTOMER})
    assert not person(shop_id).is_any({Role.ADMIN})


def test_people_see_their_own_and_programs_all() -> None:
    assert person(HERE).tenant == Tenant(user_id=USER, shop_id=HERE)
    assert ANONYMOUS.tenant == Tenant()
    program = Principal(name="key:orders", roles=frozenset({Role.ORDER_SERVICE}))
    assert program.tenant == PLATFORM
    with pytest.raises(Forbidden):
        program.person  # noqa: B018 - asking is what is tested
