"""A product with stock on both sides, and what is done to it there and on our pages."""

from tests.rules.stack import DemoStack, words_of

Levels = list[tuple[int, int]]


async def stocked(home: DemoStack, stock: int = 10) -> str:
    uuid = home.add("Mugg", stock=stock)
    await home.connect()
    return uuid


async def ordered(home: DemoStack, uuid: str, quantity: int = 1) -> int:
    order = home.shop.place([{"product_id": home.id_of(uuid), "quantity": quantity}])
    await home.calm()
    return int(order.id)


async def part(home: DemoStack, uuid: str, till: int, shop: int, **more: str) -> str:
    variant = home.variant(uuid)
    await home.open(f"/library/{uuid}")
    numbers = {f"zettle-{variant}": str(till), f"shop-{variant}": str(shop)}
    # The form has the first number of the page; "Save" of other forms stands before it.
    home.browser_session.page = home.browser_session.page.partition('id="separate-stock"')[2]
    said = words_of(await home.press("Save", separate="yes", **numbers, **more))
    await home.calm()
    return said
