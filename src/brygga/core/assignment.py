"""Which products belong in the store (P8, P9, P12, A1 to A3), and why one leaves it."""

from enum import StrEnum


def belongs(
    *, exists: bool, decided: bool | None, whole_library: bool, known_at_setup: bool
) -> bool:
    """True when the product must be in BigCommerce.

    | in Zettle | somebody decided | mode | known when set-up was finished | belongs |
    |---|---|---|---|---|
    | deleted | any | any | any | no (P12) |
    | there | yes, assigned | any | any | yes (A1, A2, P8) |
    | there | yes, unassigned, or its box unticked in our form | any | any | no (A3, P9) |
    | there | no | whole library | any | yes (P8) |
    | there | no | by hand | no: added after it | yes (P8) |
    | there | no | by hand | yes | no (P8) |

    `decided` is the merchant's decision about this product, None while there is none.
    """
    if not exists:
        return False
    if decided is not None:
        return decided
    return whole_library or not known_at_setup


class Removal(StrEnum):
    """Why a product leaves BigCommerce."""

    UNASSIGNED = "unassigned"
    DELETED_IN_ZETTLE = "deleted_in_zettle"
