"""A page that says one thing: what happened, why, and what to do now."""

from dataclasses import dataclass

from litestar import Response

from brygga.web.troubles import Trouble
from brygga.web.visit import Visit


@dataclass(frozen=True, slots=True)
class MessageView:
    """`key` names the sentences in `locale/`: key.title, .cause, .action, and .button when there is
    a link.
    """

    key: str
    params: tuple[tuple[str, str], ...] = ()
    link: str = ""
    support_id: str = ""


def say(visit: Visit, status: int, key: str, link: str = "", **params: str) -> Response[str]:
    return visit.page(
        "message.html", MessageView(f"message.{key}", tuple(params.items()), link), status=status
    )


__all__ = ["MessageView", "Trouble", "say"]
