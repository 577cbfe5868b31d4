"""What the merchant counted, after being asked to check a number that nobody could know."""

from dataclasses import replace

from brygga.core.stock.ledger import Ledger


def counted(ledger: Ledger, till: int, shop: int) -> Ledger | None:
    """Each side is owed what brings it to the number that was counted; shared stock has one number
    for both.

    None when there is nothing to count: Zettle has no number of its own, or two numbers were given
    for shared stock. A side that is not there yet is born with the number later.
    """
    if ledger.zettle.target is None or (not ledger.separate and till != shop):
        return None
    return replace(ledger, zettle=ledger.zettle.toward(till), shop=ledger.shop.toward(shop))
