"""Calling a partner's server: where it may be, and what it answers.

An address that a partner gives could lead back into our own network. So in production only HTTPS
to public addresses is called: a name is resolved when it is called, and the connection goes to the
very address that was looked at. Redirects are not followed. Answers count within ten seconds, and
nothing is kept of them but the first words of a refusal.
"""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from clutch.errors import ClutchError, InvalidInput
from notifications.retry_after import seconds_to_wait

__all__ = ["Answer", "call", "check_url"]

_SECONDS = 10.0
_LONGEST_ERROR = 200
_LONGEST_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Answer(NamedTuple):
    """What became of a call; `error` is None where it was taken."""

    status_code: int | None
    error: str | None
    retry_after_seconds: int | None = None


class _NotPublic(ClutchError):
    """The address leads into a private network."""

    def __init__(self) -> None:
        super().__init__("the address is not public")


def check_url(url: str, *, public_only: bool) -> None:
    """Check the form of a partner's address; with `public_only` it is HTTPS to a public host.

    Raises
    ------
    InvalidInput
        It cannot be called.

    Examples
    --------
    >>> check_url("https://partner.example.com/hook", public_only=True)
    >>> check_url("http://127.0.0.1:9000/hook", public_only=False)
    >>> check_url("https://10.0.0.7/hook", public_only=True)
    Traceback (most recent call last):
    clutch.errors.InvalidInput: url: expected an https:// address of a public server
    """
    expected = "an https:// address of a public server" if public_only else "an http(s):// address"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise InvalidInput("url", expected) from None
    schemes = {"https"} if public_only else {"https", "http"}
    is_plain = parts.username is None and not parts.fragment and len(url) <= _LONGEST_URL
    if parts.scheme not in schemes or not host or not is_plain:
        raise InvalidInput("url", expected)
    if public_only and not _may_be_public(host):
        raise InvalidInput("url", expected)


def _may_be_public(host: str) -> bool:
    try:
        return _is_public(ipaddress.ip_address(host))
    except ValueError:
        name = host.rstrip(".")
        return "." in name and not name.endswith((".local", ".internal", ".localhost"))


def _is_public(address: Address) -> bool:
    """Say whether an address is reachable by anybody; an IPv4 one in IPv6's clothes counts too."""
    mapped = getattr(address, "ipv4_mapped", None)
    return _is_public(mapped) if mapped else address.is_global and not address.is_multicast


def call(url: str, *, headers: Mapping[str, str], body: bytes, public_only: bool) -> Answer:
    """Send `body` to a partner; whatever happens is told as an `Answer`."""
    try:
        return asyncio.run(_call(url, headers, body, public_only=public_only))
    except TimeoutError:
        return Answer(None, f"no answer within {_SECONDS:.0f} seconds")
    except (_NotPublic, OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
        # Of a failed connection only its kind: the text may name addresses of ours.
        return Answer(None, str(error) if isinstance(error, _NotPublic) else type(error).__name__)


async def _call(url: str, headers: Mapping[str, str], body: bytes, *, public_only: bool) -> Answer:
    asked = httpx.URL(url)
    async with (
        asyncio.timeout(_SECONDS),
        httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=_SECONDS) as client,
    ):
        target = asked.copy_with(host=await _public_address(asked)) if public_only else asked
        async with client.stream(
            "POST",
            target,
            content=body,
            headers={**headers, "Host": asked.netloc.decode()},
            extensions={"sni_hostname": asked.raw_host.decode()},
        ) as response:
            if response.is_success:
                return Answer(response.status_code, None)
            said = await _first_words(response)
            wait = seconds_to_wait(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
            return Answer(response.status_code, said, wait)


async def _first_words(response: httpx.Response) -> str:
    read = b""
    async for chunk in response.aiter_raw(_LONGEST_ERROR):
        read += chunk
        if len(read) >= _LONGEST_ERROR:
            break
    words = read[:_LONGEST_ERROR].decode(errors="replace")
    return "".join(each if each.isprintable() else " " for each in words).strip() or "refused"


async def _public_address(url: httpx.URL) -> str:
    """Return an address of the host, all of whose addresses are public.

    Raises
    ------
    _NotPublic
        One of them is not.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        url.host, url.port or 443, type=socket.SOCK_STREAM
    )
    addresses = [str(address[0]) for *_, address in found]
    if not addresses or not all(_is_public(ipaddress.ip_address(each)) for each in addresses):
        raise _NotPublic
    return addresses[0]


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
