"""Who is calling, and in which roles. Pure.

Roles say which operations a caller may call; which rows they then see is told by the `Tenant`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from clutch.errors import Forbidden
from storage.session import PLATFORM, Tenant

__all__ = ["ANONYMOUS", "Principal", "Role"]


class Role(StrEnum):
    """What a caller may be; a person can be several at once."""

    ANONYMOUS = "anonymous"
    CUSTOMER = "customer"
    SHOP_STAFF = "shop_staff"
    SHOP_OWNER = "shop_owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    ORDER_SERVICE = "order_service"
    PIPELINE = "pipeline"
    DEVICE = "device"


_OF_PLATFORM = frozenset({Role.ADMIN, Role.ORDER_SERVICE, Role.PIPELINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose proof was checked.

    Parameters
    ----------
    name
        What logs and the audit know the caller by: `user:<id>`, `key:<name>`.
    roles
        Every role but those in shops.
    user_id
        The person who calls, or for whom a program does.
    shops
        The role in each shop the person works at: SHOP_OWNER or SHOP_STAFF.
    shop_id
        The shop the caller acts for now, one of `shops`.
    scopes
        What a service key was limited to; empty for people.

    Examples
    --------
    >>> shop = UUID(int=7)
    >>> owner = Principal(
    ...     name="user:1", roles=frozenset({Role.CUSTOMER}), shops={shop: Role.SHOP_OWNER}
    ... )
    >>> owner.is_any({Role.SHOP_STAFF}), owner.is_any({Role.ADMIN})
    (True, False)
    """

    name: str
    roles: frozenset[Role]
    user_id: UUID | None = None
    sign_in_id: UUID | None = None
    shops: Mapping[UUID, Role] = field(default_factory=dict)
    shop_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    locale: str = "ar"

    def is_any(self, roles: frozenset[Role] | set[Role]) -> bool:
        """Say whether the caller has one of `roles`; who owns a shop also counts as its staff.

        Once it is known for which shop the caller acts, the role in that one counts.
        """
        at = self.shops.values() if self.shop_id is None else [self.shops[self.shop_id]]
        return not self.roles.isdisjoint(roles) or any(
            role in roles or (role is Role.SHOP_OWNER and Role.SHOP_STAFF in roles) for role in at
        )

    def acting_for(self, user_id: UUID, *, locale: str) -> "Principal":
        """Return a program as a customer: their rights and rows, and still its own name.

        Examples
        --------
        >>> shop_app = Principal(name="key:app", roles=frozenset({Role.ORDER_SERVICE}))
        >>> mona = shop_app.acting_for(UUID(int=7), locale="ar")
        >>> mona.tenant.platform, mona.tenant.user_id == UUID(int=7), mona.name
        (False, True, 'key:app')
        >>> mona.is_any({Role.ORDER_SERVICE})
        False
        """
        customer = frozenset({Role.CUSTOMER})
        return replace(self, roles=customer, scopes=frozenset(), user_id=user_id, locale=locale)

    @property
    def account(self) -> str:
        """Whose answers are kept under an idempotency key: the person's, else the program's."""
        return self.name if self.user_id is None else f"user:{self.user_id}"

    @property
    def person(self) -> UUID:
        """The id of the person who calls.

        Raises
        ------
        Forbidden
            A program or a stranger does.
        """
        if self.user_id is None:
            raise Forbidden("for people only")
        return self.user_id

    @property
    def shop(self) -> UUID:
        """The id of the shop the caller acts for.

        Raises
        ------
        Forbidden
            The caller acts for none.
        """
        if self.shop_id is None:
            raise Forbidden("for people who act for a shop only")
        return self.shop_id

    @property
    def tenant(self) -> Tenant:
        """Whose rows a transaction of this caller sees."""
        if not self.roles.isdisjoint(_OF_PLATFORM):
            return PLATFORM
        return Tenant(user_id=self.user_id, shop_id=self.shop_id)


ANONYMOUS = Principal(name="anonymous", roles=frozenset({Role.ANONYMOUS}))
