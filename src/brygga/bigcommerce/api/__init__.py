"""Every call that we make to BigCommerce, one method each, grouped by subject. Reads return values,
never JSON.
"""

from brygga.bigcommerce.api.assignments import AssignmentCalls
from brygga.bigcommerce.api.categories import CategoryCalls
from brygga.bigcommerce.api.door import Door
from brygga.bigcommerce.api.hooks import HookCalls
from brygga.bigcommerce.api.inventory import InventoryCalls
from brygga.bigcommerce.api.marker import MarkerCalls
from brygga.bigcommerce.api.media import MediaCalls
from brygga.bigcommerce.api.metafields import MetafieldCalls
from brygga.bigcommerce.api.options import OptionCalls
from brygga.bigcommerce.api.orders import OrderCalls
from brygga.bigcommerce.api.products import ProductCalls
from brygga.bigcommerce.api.store import StoreCalls
from brygga.bigcommerce.api.variants import VariantCalls

__all__ = ["ShopApi"]


class ShopApi(
    MarkerCalls,
    ProductCalls,
    VariantCalls,
    OptionCalls,
    MediaCalls,
    MetafieldCalls,
    AssignmentCalls,
    CategoryCalls,
    StoreCalls,
    InventoryCalls,
    HookCalls,
    OrderCalls,
    Door,
):
    """One merchant's store: `ShopApi(wire, gate, urls, token, store_hash)`."""
