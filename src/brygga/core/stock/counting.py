"""What the merchant counted, after being asked to check a number that is in doubt."""

from dataclasses import replace

from brygga.core.stock.ledger import Ledger


def counted(ledger: Ledger, till: int, shop: int) -> Ledger | None:
    """Each side gets the `to_push` that brings it to the counted number. Shared stock has one
    number for both.

    None when there is nothing to count: Zettle has no number of its own, or two numbers were given
    for shared stock. A side that does not exist yet is created with the number later.
    """
    if ledger.zettle.target is None or (not ledger.separate and till != shop):
        return None
    return replace(ledger, zettle=ledger.zettle.toward(till), shop=ledger.shop.toward(shop))
