"""Products of ours as the store shows them. One that a list leaves out is gone only where its own
address says so (decision 15).
"""

from collections.abc import Mapping, Sequence

from brygga.bigcommerce.codes import Code
from brygga.core.failures import Unreachable
from brygga.core.model import ObservedProduct
from brygga.sync.worker.session import Session

PAGE = 250
WITNESSES = 3
"""So many of the missing ones are asked for by their own address: where one of them is there, the
list was empty by mistake.
"""


async def products_shown(
    session: Session, product_ids: Sequence[int]
) -> Mapping[int, ObservedProduct]:
    """By id, those that the store has. Raises Unreachable for a list that leaves out what is
    there.
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
