"""Who may call an operation: each declares a rule, and one without a rule stops the start.

A route names its rule by the type of its `caller`: `caller: Customer`. The caller's proof is
checked before anything else of a request is looked at, so a stranger learns nothing from a body.
"""

import datetime as dt
import secrets
from dataclasses import replace
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request

from accounts import access_tokens
from accounts.access_tokens import TokenInvalid
from accounts.principal import ANONYMOUS, Principal, Role
from accounts.queries import callers
from accounts.service_keys import key_hash
from api.errors import Unauthorised
from api.rate_limits import Limit, address_of
from api.state import State, state_of
from clutch.errors import ClutchError, Forbidden, InvalidInput
from storage.session import Query, reading

__all__ = [
    "SHOP_HEADER",
    "USER_HEADER",
    "Access",
    "Admin",
    "Anyone",
    "Customer",
    "CustomerOrService",
    "Figures",
    "NotDeclared",
    "Operation",
    "OrderService",
    "PersonOrService",
    "ShopOrAdmin",
    "ShopOrFigures",
    "ShopOwner",
    "ShopStaff",
    "SignedIn",
    "Signer",
    "access_of",
    "admit",
    "assert_declared",
    "authenticate",
    "operations",
]

SHOP_HEADER = "X-Shop-Id"
"""Names the shop that a caller acts for; those who work at several need it where no path does."""

USER_HEADER = "X-User-Id"
"""Names the customer that a program acts for, where what it calls is a customer's."""
_A_CUSTOMER = "the id of the customer to act for, whose account is active"


class NotDeclared(ClutchError):
    """A route does not say who may call it."""


class Access:
    """The rule of a route: who has one of `roles` may call it; used as its dependency.

    A service key passes only where `scope` is among its scopes. What is not `counted` may be asked
    as often as anyone likes.
    """

    def __init__(self, *roles: Role, scope: str | None = None, counted: bool = True) -> None:
        self.roles = frozenset(roles)
        self.scope = scope
        self.counted = counted

    # Not a plain function: FastAPI would have a thread run it.
    async def __call__(self, request: Request) -> Principal:
        """Give the caller, whom `admit` has let in already."""
        caller: Principal = request.state.caller
        return caller

    @property
    def is_public(self) -> bool:
        """Say whether strangers may call."""
        return Role.ANONYMOUS in self.roles

    @property
    def for_shops(self) -> bool:
        """Say whether callers act for a shop."""
        return not self.roles.isdisjoint({Role.SHOP_STAFF, Role.SHOP_OWNER})

    @property
    def for_customers(self) -> bool:
        """Say whether programs call as the customers whom they name."""
        return self.roles >= {Role.CUSTOMER, Role.ORDER_SERVICE}


_PEOPLE = (Role.CUSTOMER, Role.ADMIN, Role.ANALYST)
Anyone = Annotated[Principal, Depends(Access(Role.ANONYMOUS))]
# A payment provider sends all its events from a few addresses; its signature is its proof.
Signer = Annotated[Principal, Depends(Access(Role.ANONYMOUS, counted=False))]
SignedIn = Annotated[Principal, Depends(Access(*_PEOPLE))]
Customer = Annotated[Principal, Depends(Access(Role.CUSTOMER))]
ShopStaff = Annotated[Principal, Depends(Access(Role.SHOP_STAFF))]
ShopOrAdmin = Annotated[Principal, Depends(Access(Role.SHOP_STAFF, Role.ADMIN))]
ShopOrFigures = Annotated[Principal, Depends(Access(Role.SHOP_STAFF, Role.ADMIN, Role.ANALYST))]
Figures = Annotated[Principal, Depends(Access(Role.ADMIN, Role.ANALYST))]
ShopOwner = Annotated[Principal, Depends(Access(Role.SHOP_OWNER))]
Admin = Annotated[Principal, Depends(Access(Role.ADMIN))]
OrderService = Annotated[
    Principal, Depends(Access(Role.ORDER_SERVICE, Role.ADMIN, scope="matching"))
]
CustomerOrService = Annotated[
    Principal, Depends(Access(Role.CUSTOMER, Role.ORDER_SERVICE, scope="orders"))
]
PersonOrService = Annotated[
    Principal, Depends(Access(*_PEOPLE, Role.ORDER_SERVICE, scope="orders"))
]


def access_of(route: APIRoute) -> Access | None:
    """Return the rule of a route, or None where it declares none."""
    return _find(route.dependant)


def _find(dependant: Dependant) -> Access | None:
    if isinstance(dependant.call, Access):
        return dependant.call
    return next((found for each in dependant.dependencies if (found := _find(each))), None)


class Operation(NamedTuple):
    """A method of a path, and its rule: None where it declares none."""

    method: str
    path: str
    name: str
    access: Access | None


def operations(app: FastAPI, under: str) -> list[Operation]:
    """Return every operation of `app` whose path begins with `under`."""
    return [
        Operation(method, route.path, route.name, access_of(route))
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute) and route.path.startswith(under)
        for method in sorted(route.methods or ())
    ]


def assert_declared(app: FastAPI, guarded: str) -> None:
    """Check that every operation under `guarded` says who may call it.

    Raises
    ------
    NotDeclared
        Names the first that does not.
    """
    for operation in operations(app, guarded):
        if operation.access is None:
            raise NotDeclared(
                f"{operation.path} ({operation.name}) does not declare who may call it"
            )


async def admit(request: Request, access: Access) -> Principal:
    """Return who is calling, when the rule lets them and they have not asked too often.

    A program that calls what is a customer's is given as the customer it names, under its own name.
    Where strangers may call, a proof that does not hold counts as none: who refreshes an access
    token may well show the old one.

    Raises
    ------
    Unauthorised, TokenInvalid
        There is no proof, or it does not hold.
    Forbidden
        They may not call this.
    InvalidInput
        The header that names the shop, or the customer, does not name one they can act for.
    TooMany
        They, or their address, asked too often.
    """
    caller = await (_perhaps_known(request) if access.is_public else _known(request))
    if access.counted:
        await _count(request, caller)
    if not access.is_public:
        _assert_allowed(caller, access)
    return await _for_customer(request, caller) if access.for_customers else caller


async def _for_customer(request: Request, caller: Principal) -> Principal:
    named = request.headers.get(USER_HEADER)
    if caller.user_id is not None:
        # Who believes to act for somebody else must not act for themselves unawares.
        if named is not None:
            raise InvalidInput(USER_HEADER, "no such header: people act for themselves")
        return caller
    try:
        user_id = UUID(named or "")
    except ValueError:
        raise InvalidInput(USER_HEADER, _A_CUSTOMER) from None
    rows = await _rows(state_of(request), callers.active_person(user_id))
    if not rows:
        raise InvalidInput(USER_HEADER, _A_CUSTOMER)
    return caller.acting_for(user_id, locale=rows[0])


async def _count(request: Request, caller: Principal) -> None:
    limits = state_of(request).limits
    if caller is ANONYMOUS:
        await limits.hit(Limit.ADDRESS, address_of(request))
    elif caller.user_id:
        await limits.hit(Limit.PERSON, caller.name)


async def _perhaps_known(request: Request) -> Principal:
    if "authorization" not in request.headers:
        return ANONYMOUS
    try:
        return await authenticate(state_of(request), _proof(request))
    except (Unauthorised, TokenInvalid):
        return ANONYMOUS


async def _known(request: Request) -> Principal:
    state, named = state_of(request), request.headers.get(SHOP_HEADER)
    try:
        caller = await authenticate(state, _proof(request), shop=named)
    except (Unauthorised, TokenInvalid):
        await state.limits.hit(Limit.FAILED_PROOF_ADDRESS, address_of(request))
        raise
    in_path = request.path_params.get("shop_id")
    at = next((shop_id for shop_id in caller.shops if str(shop_id) == in_path), None)
    return replace(caller, shop_id=at) if at and named is None else caller


def _proof(request: Request) -> str:
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not proof.strip():
        raise Unauthorised
    return proof.strip()


def _assert_allowed(caller: Principal, access: Access) -> None:
    if not caller.is_any(access.roles):
        raise Forbidden(f"for {' or '.join(sorted(access.roles))} only")
    if caller.user_id is None and access.scope not in caller.scopes:
        raise Forbidden(f"the service key lacks the scope {access.scope}")
    if access.for_shops and caller.shop_id is None and not caller.roles & access.roles:
        raise InvalidInput(SHOP_HEADER, "the id of one of the shops you work at")


async def authenticate(state: State, proof: str, *, shop: str | None = None) -> Principal:
    """Return whom an access token or a service key stands for.

    Raises
    ------
    Unauthorised
        It is not known, or was revoked.
    TokenInvalid
        The token is not ours, was altered or has expired.
    """
    # A JWT has two dots, a service key none.
    if proof.count(".") != 2:
        return await _program(state, proof)
    now = dt.datetime.now(dt.UTC)
    claims = access_tokens.read(proof, key=state.token_key, now=now)
    rows = await _rows(state, callers.caller(claims.user_id, claims.sign_in_id))
    if not rows:
        raise Unauthorised
    row: callers.CallerRow = rows[0]
    shops = dict(zip(row.shop_ids, map(Role, row.shop_roles), strict=True))
    return Principal(
        name=f"user:{claims.user_id}",
        roles=frozenset({Role.CUSTOMER, *map(Role, row.roles)}),
        user_id=claims.user_id,
        sign_in_id=claims.sign_in_id,
        shops=shops,
        shop_id=_acting_for(shops, shop),
        locale=row.locale,
    )


async def _program(state: State, proof: str) -> Principal:
    # Headers are read as Latin-1; a key may be in any script.
    sent = proof.encode("latin-1", "replace")
    if state.service_key and secrets.compare_digest(sent, state.service_key.encode()):
        return _CONFIGURED
    rows = await _rows(state, callers.service_key(key_hash(sent)))
    if not rows:
        raise Unauthorised
    row: callers.ServiceKeyRow = rows[0]
    return Principal(
        name=f"key:{row.name}", roles=frozenset({Role(row.role)}), scopes=frozenset(row.scopes)
    )


_CONFIGURED = Principal(
    name="key:configured", roles=frozenset({Role.ORDER_SERVICE}), scopes=frozenset({"matching"})
)


async def _rows(state: State, query: Query) -> list[Any]:
    async with reading(state.pool) as connection:
        cursor = await connection.cursor(binary=True).execute(
            query.statement.encode(), query.parameters, prepare=True
        )
        return [query.row(row) for row in await cursor.fetchall()]


def _acting_for(shops: dict[UUID, Role], shop: str | None) -> UUID | None:
    """Return the shop a caller acts for: the one they name, or the only one they work at."""
    if shop is None:
        return next(iter(shops)) if len(shops) == 1 else None
    try:
        named = UUID(shop)
    except ValueError:
        raise InvalidInput(SHOP_HEADER, "the id of one of the shops you work at") from None
    if named not in shops:
        raise InvalidInput(SHOP_HEADER, "the id of one of the shops you work at")
    return named
