"""How often may be asked: the one table, counted over a moving window.

Counted in this process, or in the Redis of `CLUTCH_REDIS_URL` for all processes together. While
that Redis is away each process counts for itself: a lost counter must not stop the market.
Service keys, health and metrics are not limited.
"""

import time
from collections import OrderedDict, deque
from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.errors import StorageError
from starlette.requests import HTTPConnection

from clutch.errors import TooMany

__all__ = ["Limit", "RateLimits", "address_of"]

_log = structlog.get_logger()

_MOST_KEYS = 100_000
_REDIS_SECONDS = 0.25
_AWAY_SECONDS = 5.0


def _minutes(amount: int, minutes: int) -> RateLimitItem:
    return RateLimitItemPerMinute(amount, minutes)


class Limit(Enum):
    """What is limited: how many in how many minutes, and what a refusal calls them."""

    PERSON = (_minutes(600, 1), "requests")
    ADDRESS = (_minutes(300, 1), "requests")
    FAILED_PROOF_ADDRESS = (_minutes(60, 1), "requests without a valid token")
    REGISTER_ADDRESS = (_minutes(20, 60), "registrations")
    REGISTER_CONTACT = (_minutes(5, 60), "registrations")
    LOG_IN_ADDRESS = (_minutes(100, 15), "log-ins")
    LOG_IN_CONTACT = (_minutes(20, 15), "log-ins")
    LOG_IN_CONTACT_FROM_ADDRESS = (_minutes(10, 15), "log-ins")
    CODE_ADDRESS = (_minutes(30, 60), "codes")
    CODE_CONTACT = (_minutes(5, 60), "codes")
    REFRESH_ADDRESS = (_minutes(300, 15), "refreshed log-ins")
    UPLOAD_PERSON = (_minutes(100, 60), "uploads")


class RateLimits:
    """The counters of one process, or of all that share a Redis."""

    def __init__(self, *, redis_url: str | None = None, on: bool = True) -> None:
        self._on = on
        self._here = _Here()
        self._shared = _Shared(redis_url) if redis_url else None
        self._away_until = 0.0

    async def hit(self, limit: Limit, *who: str) -> None:
        """Count one request of `who`.

        Raises
        ------
        TooMany
            The window is full; says when there is room again.
        """
        if not self._on:
            return
        item, what = limit.value
        key = item.key_for(limit.name.lower(), *who)
        wait = await self._wait(item, key)
        if wait > 0:
            raise TooMany(what, retry_after_seconds=ceil(wait))

    async def hit_log_in(self, whom: str, address: str) -> None:
        """Count one try at proving to be `whom`, by a password or a code, from an address.

        What is refused to one address is not counted against `whom`: else a single stranger could
        keep somebody from logging in.

        Raises
        ------
        TooMany
            A window is full.
        """
        await self.hit(Limit.LOG_IN_ADDRESS, address)
        await self.hit(Limit.LOG_IN_CONTACT_FROM_ADDRESS, whom, address)
        await self.hit(Limit.LOG_IN_CONTACT, whom)

    async def _wait(self, item: RateLimitItem, key: str) -> float:
        """Count one; return 0, or the seconds until there is room for it."""
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return await self._shared.wait(item, key)
            except StorageError as error:
                cause = type(error.storage_error).__name__
                _log.warning("rate limits are counted by each process alone", cause=cause)
                self._away_until = time.monotonic() + _AWAY_SECONDS
        return self._here.wait(item, key)

    async def close(self) -> None:
        """Hang up on Redis."""
        if self._shared is not None:
            await self._shared.close()


class _Here:
    """The times of the newest requests of each key, in this process.

    The library's own memory keeps every key it ever saw and starts a thread for each request.
    """

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, item: RateLimitItem, key: str) -> float:
        now = time.monotonic()
        times = self._times.setdefault(key, deque(maxlen=item.amount))
        self._times.move_to_end(key)
        if len(self._times) > _MOST_KEYS:
            self._times.popitem(last=False)
        room_at = times[0] + item.get_expiry() if len(times) == item.amount else now
        if room_at <= now:
            times.append(now)
        return room_at - now if room_at > now else 0.0


class _Shared:
    """The same in Redis, by the library's script: counting is one round trip."""

    def __init__(self, url: str) -> None:
        self._storage = RedisStorage(
            url,
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="clutch:limits",
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
        )

    async def wait(self, item: RateLimitItem, key: str) -> float:
        expiry = item.get_expiry()
        if await self._storage.acquire_entry(key, item.amount, expiry):
            return 0.0
        start, _ = await self._storage.get_moving_window(key, item.amount, expiry)
        return max(start + expiry - time.time(), 1.0)

    async def close(self) -> None:
        bridge: Any = self._storage.bridge
        await bridge.storage.aclose()


def address_of(request: HTTPConnection) -> str:
    """Return whom to count an unknown caller as: an address, of IPv6 the network of one customer.

    Proxies are seen through already where `CLUTCH_TRUSTED_PROXIES` names them.
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address) >> 64 << 64, 64)))
    return host
