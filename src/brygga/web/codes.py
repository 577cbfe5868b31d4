"""Every code that a merchant can meet: what happened, why, what to do, and where it is done.

The help pages and the guide are both made from this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.marker import NAME
from brygga.core.report import Code
from brygga.web.i18n import Words
from brygga.web.lines import spoken
from brygga.web.log_kinds import CODES, LogKind
from brygga.web.troubles import APPROVE_AGAIN, SIGN_IN_AGAIN
from brygga.zettle.codes import Code as TillCode

HERE: Final = "/help/codes"
EXAMPLE: Final[Mapping[str, str]] = {
    "name": "Mugg Sand",
    "other": "Mugg Hav",
    "other_id": "812",
    "store": "Annas Butik",
    "number": "7",
    "change": "-1",
    "was": "8",
    "till": "7",
    "shop": "5",
    "count": "12",
    "units": "2",
    "removed": "30",
    "catalogue": "200",
    "variants": "S, M",
    "option": "Storlek",
    "value": "Stor",
    "written": "Large",
    "sku": "MUGG-1",
    "barcode": "7310865004703",
    "slug": "mugg-sand",
    "url": "mugg-sand",
    "limit": "250",
    "currency": "SEK",
    "unit": "kg",
    "weight": "350",
    "expected": "8",
    "now": "7",
    "support_id": "K7M2-9QXD",
    "reason": "input_refused",
    "cause": "zettle_unanswered",
    "field": "name",
    "fields": "name, description",
    "side": "shop",
    "effect": "removed",
}
"""What stands in an example where a line names a product, a number or a reason."""
OWN_EXAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    Code.SETUP_FINISHED: {"mode": "whole"},
    Code.DISCONNECTED: {"reason": "remove"},
    Code.PAUSED: {"cause": "zettle_access_gone"},
    Code.PRICES_PAUSED: {"till": "SEK", "shop": "EUR"},
    Code.STOCK_MOMENT_CHANGED: {"moment": "order_completed_or_shipped"},
    Code.LINK_IMPOSSIBLE: {"obstacle": "taken"},
    Code.DRIFT: {"till": "Mugg Sand", "shop": "Mugg Hav"},
    Code.VALUE_OVERWRITTEN: {"was": "Mugg Hav", "now": "Mugg Sand"},
    Code.CLASH: {"value": "Mugg Sand", "written": "Mugg Sand (2)"},
    Code.SUFFIX_GONE: {"value": "Mugg Sand"},
    Code.SKU_REPEATED: {"written": "MUGG-1-2"},
    Code.OPTION_RENAMED: {"written": "Storlek (2)"},
    Code.VALUE_RENAMED: {"written": "Stor (2)"},
    Code.PRICE_OTHER_CURRENCY: {"currency": "EUR", "expected": "SEK"},
    Code.FIELD_REFUSED: {"field": "description"},
    **{
        code: {"name": NAME, "cause": "input_refused"}
        for code in Code
        if code.value.startswith("marker_")
    },
}
PLACES: Final[Mapping[str, str]] = {
    "sign_in": "/sign-in/zettle",
    "integration": "/apps/bigcommerce",
    "failed": "/library?state=failed",
    "lines": "/apps/bigcommerce/log?code=",
    "check": "/apps/bigcommerce/check",
    "plan": "/apps/bigcommerce/plan",
    "support": "/support",
}
"""Where something is done. Each has its words: `code.button.check`."""
BY_KIND: Final[Mapping[LogKind, str]] = {
    LogKind.STOCK_CHECKED: "check",
    LogKind.LINKED: "plan",
}
BY_CODE: Final[Mapping[Code, str]] = {
    Code.PAUSED: "integration",
    Code.PRICES_PAUSED: "integration",
    Code.MASS_EFFECT_STOPPED: "integration",
    Code.CLASH: "plan",
    Code.INTERNAL_ERROR: "support",
    Code.PRODUCT_REFUSED: "failed",
    Code.PRODUCT_UNREADABLE: "failed",
}


@dataclass(frozen=True, slots=True)
class CodePage:
    """`sentence` is an example where it names something. `button` is a key of `PLACES`."""

    code: str
    sentence: str
    cause: str
    action: str
    button: str
    link: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """`key` names its words: `kind.…`, or `code.zettle` and `code.bigcommerce` for failures."""

    key: str
    codes: tuple[str, ...]


def chapters() -> Sequence[Chapter]:
    """All codes: first what a platform refuses, then the lines of the sync log by kind."""
    return (
        Chapter("code.zettle", tuple(code.value for code in TillCode)),
        Chapter("code.bigcommerce", tuple(code.value for code in ShopCode)),
        *(
            Chapter(f"kind.{kind.value}", tuple(code.value for code in Code if code in codes))
            for kind, codes in CODES.items()
        ),
    )


def known() -> frozenset[str]:
    return frozenset(code for chapter in chapters() for code in chapter.codes)


def page_of(words: Words, code: str) -> CodePage:
    sentence, cause, action = spoken(words, code, {**EXAMPLE, **OWN_EXAMPLES.get(code, {})})
    place = place_of(code)
    link = PLACES[place] + (code if place == "lines" else "")
    return CodePage(code, sentence, cause, action, place, link)


def place_of(code: str) -> str:
    """The page that helps."""
    if code in SIGN_IN_AGAIN:
        return "sign_in"
    if code in APPROVE_AGAIN or code == ShopCode.PLAN_LIMIT:
        return "integration"
    if code not in set(Code):
        return "failed"
    line = Code(code)
    kind = next(kind for kind, codes in CODES.items() if line in codes)
    return BY_CODE.get(line) or BY_KIND.get(kind, "lines")
