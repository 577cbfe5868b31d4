"""Whether a stock call is all or nothing, and whether its change is visible at once (bigcommerce
facts 5.2). The marker depends on it.
"""

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import JSON, Bench, Unclear

SHOP_STOCK = Questions("shop")
RELATIVE = "/v3/inventory/adjustments/relative"
ABSOLUTE = "/v3/inventory/adjustments/absolute"
ITEMS = "/v3/inventory/items"
AT_REST_S = 15.0
CUTS = 8
WRITES, LOOKS = 10, 40


@SHOP_STOCK.rule(
    "One item that cannot be taken refuses a stock call whole, also the item before it (5.2)"
)
async def good_and_refusable(bench: Bench) -> bool:
    """One more unit of the first, and more of the second than exist."""
    pair = await _pair(bench)
    refused = await bench.shop("POST", RELATIVE, {"items": _items(pair, 1, -99)})
    await bench.sleep(AT_REST_S)
    return refused.status_code == 422 and await _levels(bench, pair) == (9, 9)


@SHOP_STOCK.question(
    "partial_adjustments", "Does a stock call whose answer is cut land in part?", "B49"
)
async def partial_adjustments(bench: Bench) -> bool:
    """One more unit of each, in one call whose connection we close, after varying times. Both
    numbers changed, or neither.
    """
    pair = await _pair(bench)
    before, landed = (9, 9), 0
    for cut in range(CUTS):
        await bench.cut("POST", RELATIVE, {"items": _items(pair, 1, 1)}, after_s=0.01 * 2**cut)
        await bench.sleep(AT_REST_S)
        after = await _levels(bench, pair)
        if after[0] - before[0] != after[1] - before[1]:
            return True
        landed += after != before
        before = after
    if not landed:
        raise Unclear(f"none of {CUTS} calls that were cut landed")
    return False


@SHOP_STOCK.look("Can one answer show two items of one call, one changed and one not yet?", "B50")
async def apart_in_one_answer(bench: Bench) -> str:
    """One call writes both. They are read until both show it."""
    pair = await _pair(bench)
    trailed = 0
    for level in range(10, 10 + WRITES):
        await bench.shop("PUT", ABSOLUTE, {"items": _items(pair, level, level)})
        for _ in range(LOOKS):
            one, other = await _levels(bench, pair)
            if one != other:
                return f"yes: {one} and {other} in one answer, after a write of {level} to both"
            if one == level:
                break
            trailed += 1
            await bench.sleep(0.5)
    return f"not in {WRITES} writes, after which {trailed} readings trailed"


async def _pair(bench: Bench) -> list[int]:
    """Two variants of a product of ours, nine units of each, which every read shows by now."""
    made = await bench.coloured("Red", "Blue", inventory_tracking="variant")
    pair = [int(one["id"]) for one in made["variants"]]
    await bench.shop("PUT", ABSOLUTE, {"items": _items(pair, 9, 9)})
    await bench.sleep(AT_REST_S)
    if (found := await _levels(bench, pair)) != (9, 9):
        raise Unclear(f"nine of each were written, and {found} are read after {AT_REST_S:.0f} s")
    return pair


def _items(pair: list[int], one: int, other: int) -> list[JSON]:
    return [
        {"location_id": 1, "variant_id": variant, "quantity": quantity}
        for variant, quantity in zip(pair, (one, other), strict=True)
    ]


async def _levels(bench: Bench, pair: list[int]) -> tuple[int, int]:
    query = {"variant_id:in": ",".join(map(str, pair)), "location_id:in": 1}
    rows = (await bench.shop("GET", ITEMS, query=query)).json()["data"]
    shown = {
        row["identity"]["variant_id"]: row["locations"][0]["total_inventory_onhand"] for row in rows
    }
    return shown[pair[0]], shown[pair[1]]
