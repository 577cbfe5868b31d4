"""The requests that a platform received: a count per method and path, and the last requests in
full. Control calls are never counted.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from brygga_sandbox.http import Request, Response, Router, json_response


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, with the app or account it came from and, once known, its status (0: no
    answer).
    """

    method: str
    path: str
    template: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    client: str | None
    headers: dict[str, str]
    status: int


class Requests:
    """The request log of one platform. It stores the last `keep` requests in full."""

    def __init__(self, keep: int = 1000) -> None:
        self.counts: dict[tuple[str, str], int] = {}
        self.refused = 0
        """How many were answered 429, since the client sent too many."""
        self.last: deque[Asked] = deque(maxlen=keep)

    def note(self, request: Request, status: int, client: str | None = None) -> None:
        """Count a request and keep it."""
        key = (request.method, request.template)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.refused += status == 429
        query = tuple(request.query)
        asked = Asked(
            request.method,
            request.path,
            request.template,
            query,
            request.body,
            client,
            request.headers,
            status,
        )
        self.last.append(asked)

    def total(self, method: str | None = None, template: str | None = None) -> int:
        """How many requests there were, of all or of one method and template."""
        return sum(
            number
            for (asked, path), number in self.counts.items()
            if method in {None, asked} and template in {None, path}
        )

    def writes(self) -> int:
        """How many requests could have changed something."""
        return sum(
            number
            for (method, _), number in self.counts.items()
            if method not in {"GET", "HEAD", "OPTIONS"}
        )

    def reset(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.refused = 0
        self.last.clear()

    def as_json(self) -> dict[str, Any]:
        """The counts, as the control address shows them."""
        rows = [{"method": m, "path": p, "count": n} for (m, p), n in sorted(self.counts.items())]
        return {"total": self.total(), "by": rows}


def mount_requests(router: Router, requests: Requests) -> None:
    """GET and DELETE /sandbox/requests."""

    async def show(request: Request) -> Response:
        return json_response(requests.as_json())

    async def forget(request: Request) -> Response:
        requests.reset()
        return Response(204)

    router.add("GET", "/sandbox/requests", show, control=True)
    router.add("DELETE", "/sandbox/requests", forget, control=True)
