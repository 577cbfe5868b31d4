"""How a platform fetches a picture from an address that a client gave it."""

from collections.abc import Awaitable, Callable

import httpx2

Fetch = Callable[[str], Awaitable[bytes | None]]
"""The bytes at an address, or None if they cannot be fetched."""


async def unreachable(url: str) -> bytes | None:
    """The HTTP client of a sandbox without one."""
    return None


def fetcher(http: httpx2.AsyncClient | None) -> Fetch:
    """Fetches over an HTTP client."""
    if http is None:
        return unreachable

    async def fetch(url: str) -> bytes | None:
        try:
            response = await http.get(url, follow_redirects=True, timeout=30)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return None
        return response.content if response.status_code == 200 else None

    return fetch
