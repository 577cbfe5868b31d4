"""Every call that we make to Zettle, one method each, grouped by subject. Reads return values,
never JSON.
"""

from brygga.zettle.api.account import AccountCalls
from brygga.zettle.api.door import Door, Tokens
from brygga.zettle.api.inventory import InventoryCalls
from brygga.zettle.api.products import ProductCalls
from brygga.zettle.api.purchases import PurchaseCalls
from brygga.zettle.api.subscriptions import SubscriptionCalls

__all__ = ["Tokens", "Zettle"]


class Zettle(ProductCalls, InventoryCalls, SubscriptionCalls, AccountCalls, PurchaseCalls, Door):
    """One merchant's Zettle account: `Zettle(wire, gate, urls, tokens)`."""
