"""Products of ours as the store shows them. A product that a list leaves out is gone only when its
own address says so (decision 15).
"""

from collections.abc import Mapping, Sequence

from brygga.bigcommerce.codes import Code
from brygga.core.failures import Unreachable
from brygga.core.model import ObservedProduct
from brygga.sync.worker.session import Session

PAGE = 250
WITNESSES = 3
"""This many of the missing products are read by their own address. If one of them exists, the list
was wrong.
"""


async def products_shown(
    session: Session, product_ids: Sequence[int]
) -> Mapping[int, ObservedProduct]:
    """The products that the store has, by id. Raises Unreachable when a list leaves out an existing
    product.
    """
    shown: dict[int, ObservedProduct] = {}
    for place in range(0, len(product_ids), PAGE):
        some = product_ids[place : place + PAGE]
        found = await session.shop.products(some)
        for missing in [one for one in some if one not in found][:WITNESSES]:
            if await session.shop.product(missing) is not None:
                raise Unreachable(Code.UNREACHABLE, f"a list leaves out product {missing}")
        shown |= found
    return shown
