"""Sends a webhook to an address that a merchant has typed, and never into our own network.

| what | how |
|---|---|
| scheme | https only; http where development allows it |
| address | a host's name; every address that it stands for must be public |
| between the check and the call | the call goes to the address that was checked; the certificate is checked for the name |
| user, password, fragment in the address | refused |
| redirects | not followed |
| the answer | only its status counts; the body is not read |
"""  # noqa: E501 - a table

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

TIMEOUT_S: Final = 15.0
LONGEST: Final = 500
_INSIDE: Final = tuple(
    map(
        IPv6Network,
        (
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2002::/16",
            "::/96",
            "::ffff:0:0:0/96",
            "fec0::/10",
        ),
    )
)
"""What `is_global` lets through: addresses that stand for one of IPv4 (NAT64, 6to4, and the older
forms), and those of a site.
"""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as texts. Raises OSError when there is none."""


class NotDelivered(Exception):
    """A message did not arrive. `final`: another try would end the same way. `why` is a short text
    for the page and the log, without addresses or secrets.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


async def resolved(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def refusal(url: str, *, local: bool = False) -> str:
    """Why a webhook may not have this address: "url", "scheme", "secrets" or "private". "" when it
    may, as far as the text shows. `local` allows http and private addresses.
    """
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port != 0
    except ValueError:
        return "url"
    readable = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    if not parts.hostname or not readable or not port_is_a_number:
        return "url"
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return "scheme"
    if parts.username or parts.password or parts.fragment:
        return "secrets"
    host = parts.hostname.rstrip(".").lower()
    inside = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if not local and (inside or not is_public(host, if_name=True)):
        return "private"
    return ""


def is_public(text: str, *, if_name: bool = False) -> bool:
    """Whether an IP address is on the public internet. `if_name` is the answer for a text that is
    no address, in none of the forms that a look-up takes for one ("127.1", "0x7f.1", "2130706433").
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        try:
            address = ip_address(socket.inet_aton(text))
        except (OSError, UnicodeError, ValueError):
            return if_name
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if any(address in network for network in _INSIDE):
            return False
    return address.is_global and not address.is_multicast


@dataclass(frozen=True, slots=True)
class Outward:
    """`client` follows no redirects and knows no proxy of the environment (`open_outward`)."""

    client: httpx2.AsyncClient
    local: bool = False
    resolve: Resolve = field(default=resolved)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns when the receiver said 2xx. Raises `NotDelivered`."""
        if why := refusal(url, local=self.local):
            raise NotDelivered(f"address_{why}", final=True)
        parts = urlsplit(url)
        place = await self._checked(parts)
        host = parts.netloc.rpartition("@")[2]
        request = self.client.build_request(
            "POST",
            parts._replace(netloc=place).geturl(),
            content=body,
            headers={**headers, "Host": host, "Content-Type": "application/json"},
            timeout=httpx2.Timeout(TIMEOUT_S),
            extensions={"sni_hostname": parts.hostname},
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self.client.send(request, stream=True)
                await answer.aclose()
        except (httpx2.RequestError, TimeoutError) as error:
            raise NotDelivered(type(error).__name__) from None
        if answer.status_code == 410:
            raise NotDelivered("410", final=True)
        if not 200 <= answer.status_code < 300:
            raise NotDelivered(str(answer.status_code))

    async def _checked(self, parts: SplitResult) -> str:
        """The network location to call: a public address of the host, with its port."""
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError):
            raise NotDelivered("no_such_host") from None
        if not found:
            raise NotDelivered("no_such_host")
        if not self.local and not all(map(is_public, found)):
            raise NotDelivered("address_private")
        first = next((one for one in found if ":" not in one), found[0])
        return f"[{first}]:{port}" if ":" in first else f"{first}:{port}"


def open_outward(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """A client that ignores the environment's proxies: a proxy would reach what we may not."""
    return httpx2.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)
