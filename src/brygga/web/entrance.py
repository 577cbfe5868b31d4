"""The checks that every request passes before a page or a receiver."""

from collections.abc import Iterable
from typing import Final

from litestar.exceptions import ClientException

from brygga.web.session import AnyRequest
from brygga.web.visit import NotThere

UNSTORABLE: Final = "\0"
"""The one character that PostgreSQL stores in no text. A statement with it fails, and no name,
search or id contains it.
"""


async def enter(request: AnyRequest) -> None:
    """Raises `NotThere` for a path, and a refusal for a query, that no statement could take. A form
    is checked where it is read (`web.forms`).
    """
    # Each answer allows only the scripts that have its own nonce. A refusal is a page too.
    request.scope["state"]["nonce"] = request.app.state.deps.dice.token()
    if UNSTORABLE in request.scope["path"]:
        raise NotThere
    if request.scope["query_string"] and is_spoiled(request.query_params.multi_items()):
        raise ClientException("a text holds U+0000")


def is_spoiled(fields: Iterable[tuple[str, object]]) -> bool:
    return any(UNSTORABLE in part for pair in fields for part in pair if isinstance(part, str))
