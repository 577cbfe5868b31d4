"""What waits for the merchant, and the button that helps. Every page shows it from the
same value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.connecting import PriceRefusal, price_refusal
from brygga.core.guards import Effect
from brygga.core.model import Connection, Stage
from brygga.database.restoring import Restored
from brygga.database.waiting_work import Parked
from brygga.web.i18n import Said, Words
from brygga.zettle.codes import Code as TillCode


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that waits for the merchant. `post` is the address of its button, `link` that of
    its link.
    """

    key: str
    params: tuple[tuple[str, str], ...] = ()
    tone: str = "bad"
    post: str = ""
    link: str = ""
    choices: tuple[str, ...] = ()
    leave: bool = False
    """Whether disconnecting is an alternative."""
    times: tuple[tuple[str, datetime], ...] = ()
    """Parameters that are times."""
    spots: tuple[tuple[str, Said], ...] = ()
    """Parameters that are sentences."""


SIGN_IN_AGAIN = frozenset({TillCode.ACCESS_GONE.value, TillCode.SCOPE_MISSING.value})
APPROVE_AGAIN = frozenset(
    {ShopCode.ACCESS_GONE.value, ShopCode.SCOPE_MISSING.value, ShopCode.FORBIDDEN.value}
)
SAID_IN_SET_UP = frozenset({TillCode.ACCESS_GONE.value, ShopCode.ACCESS_GONE.value})
"""These have other words before the first sync, when there is no product of ours."""


def pause_trouble(connection: Connection) -> Trouble | None:
    """Why work has stopped, and the remedy: sign in at Zettle again, approve in BigCommerce again,
    or say that the cause is corrected.
    """
    if not connection.paused or connection.stage in {Stage.DISCONNECTED, Stage.LEAVING}:
        return None
    key = f"failure.{connection.paused}"
    if connection.paused in SAID_IN_SET_UP and connection.stage is not Stage.RUNNING:
        key = f"{key}.setup"
    if connection.paused in SIGN_IN_AGAIN:
        return Trouble(key, link="/sign-in/zettle", leave=connection.shop is not None)
    if connection.paused in APPROVE_AGAIN:
        return Trouble(key, post="/apps/bigcommerce/connect", leave=True)
    return Trouble(key, post="/apps/bigcommerce/resume")


def held_trouble() -> Trouble:
    """Whoever runs the service holds the connection's work, and alone ends that."""
    return Trouble("trouble.held", tone="warn")


def products_trouble(connection: Connection) -> Trouble | None:
    """The merchant has paused product sync. Stock goes on, and only the merchant ends the pause."""
    if not connection.products_paused or connection.stage is not Stage.RUNNING:
        return None
    return Trouble("trouble.products_paused", tone="warn", post="/apps/bigcommerce/products/resume")


def restore_trouble(found: Restored) -> Trouble:
    """The service came back from a backup: nothing is written before both sides are compared and
    each number that differs is checked.
    """
    if not found.questions:
        key = "trouble.taking_over" if found.taken_over else "trouble.restoring"
        return Trouble(key, tone="warn")
    params = (("count", str(found.questions)),)
    key = "trouble.taken_over" if found.taken_over else "trouble.restored"
    return Trouble(key, params, "warn", link="/apps/bigcommerce/check", leave=True)


def prices_trouble(connection: Connection) -> Trouble | None:
    """A currency changed after prices were chosen (decision 10). The button appears once both are
    equal again.
    """
    if not connection.prices_paused or connection.shop is None:
        return None
    equal = price_refusal(connection.organization, connection.shop) is None
    params = (("till", connection.organization.currency), ("shop", connection.shop.currency))
    return Trouble(
        "trouble.prices_paused",
        params,
        "warn",
        post="/apps/bigcommerce/prices/resume" if equal else "",
    )


def silence_troubles(outages: Mapping[str, datetime]) -> tuple[Trouble, ...]:
    """Platforms that do not answer, and since when. The merchant can do nothing, but sees it while
    it lasts.
    """
    return tuple(
        Trouble(f"trouble.unreachable.{of}", times=(("since", since),), tone="warn")
        for of, since in outages.items()
    )


IDS_SHOWN = 3


def failure_trouble(failing: Sequence[Parked]) -> Trouble | None:
    """A bug of ours keeps work from being done. All that the merchant can use are the
    support ids.
    """
    ids = list(dict.fromkeys(one.support_id for one in failing))
    if not ids:
        return None
    shown = ", ".join(ids[:IDS_SHOWN]) + (", …" if len(ids) > IDS_SHOWN else "")
    return Trouble("trouble.failing", (("support_id", shown),), "warn")


def refusal_params(connection: Connection) -> tuple[tuple[str, str], ...]:
    shop = connection.shop
    return (
        ("till", connection.organization.currency or "–"),
        ("shop", (shop.currency if shop else "") or "–"),
    )


def price_refusal_code(connection: Connection) -> str:
    """ "" where prices may be chosen (C4)."""
    refused: PriceRefusal | None = price_refusal(connection.organization, connection.shop)
    return refused.value if refused else ""


def failed_trouble(words: Words, count: int) -> Trouble | None:
    """Products that could not be synced, for a reason that the merchant can correct."""
    if not count:
        return None
    key = "trouble.failed_one" if count == 1 else "trouble.failed"
    return Trouble(key, (("n", words.number(count)),), link="/library?state=failed")


def miscounted_trouble(words: Words, count: int, first: str) -> Trouble | None:
    """Products whose stock is paused until the merchant lets BigCommerce count them as Zettle does
    (decision 18).
    """
    if not count:
        return None
    if count == 1:
        return Trouble("trouble.miscounted_one", tone="warn", link=f"/library/{first}#stock")
    log = "/apps/bigcommerce/log?topic=stock&severity=problems"
    return Trouble("trouble.miscounted", (("n", words.number(count)),), "warn", link=log)


def left_out_trouble(words: Words, count: int) -> Trouble | None:
    """Products of which something could not be carried over."""
    if not count:
        return None
    key = "trouble.left_out_one" if count == 1 else "trouble.left_out"
    params = (("n", words.number(count)),)
    return Trouble(key, params, "plain", link="/apps/bigcommerce/left-out")


KNOWN_QUESTIONS = frozenset(effect.value for effect in Effect)


def question_trouble(kind: str, count: int) -> Trouble:
    """A mass effect was stopped and waits for the merchant's answer (decision 9)."""
    key = f"question.{kind if kind in KNOWN_QUESTIONS else 'other'}"
    return Trouble(
        key,
        (("count", str(count)),),
        "warn",
        post=f"/apps/bigcommerce/answer/{kind}",
        choices=("yes", "no"),
    )
