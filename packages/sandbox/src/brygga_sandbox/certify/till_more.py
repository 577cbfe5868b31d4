"""Open questions about Zettle's balances, pages and rate limit, and about the content of a
merchant's own products (zettle facts 10).
"""

import re
from collections import Counter
from urllib.parse import urlsplit

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import JSON, Bench, Unclear
from brygga_sandbox.certify.till_hands import moved, stock_of, track, tracked

TILL_MORE = Questions("till")
PAGES = (100, 500, 1000, 2000)
MOST_KNOCKS = 40
MARKUP = re.compile(r"<[a-zA-Z/][^>]*>")


@TILL_MORE.question(
    "unit_balances_have_decimals", "Has the balance of a product sold by unit decimals?", "Z13"
)
async def unit_balances_have_decimals(bench: Bench) -> bool:
    made = await bench.till_product(unitName="m")
    await track(bench, made)
    await moved(bench, made, "SUPPLIER", "STORE", 2)
    written = re.search(r'"balance"\s*:\s*"?([-0-9.]+)', (await stock_of(bench, made)).text)
    if written is None:
        raise Unclear("no balance was listed")
    bench.evidence.append(f"balance: {written[1]}")
    return "." in written[1]


@TILL_MORE.question("most_stock_rows", "How many rows of stock may one page hold?", "Z37")
async def most_stock_rows(bench: Bench) -> int:
    taken = 0
    for size in PAGES:
        if (
            await bench.till("GET", f"/v3/stock?limit={size}", host="inventory")
        ).status_code >= 300:
            break
        taken = size
    if taken in {0, PAGES[-1]}:
        raise Unclear(
            f"{PAGES[0]} is refused already" if not taken else f"{PAGES[-1]} is taken too"
        )
    return taken


@TILL_MORE.question(
    "zero_rows_left_out", "Does a row of stock go when its balance comes to 0?", "Z44"
)
async def zero_rows_left_out(bench: Bench) -> bool:
    made = await tracked(bench)
    await moved(bench, made, "SUPPLIER", "STORE", 2)
    if not (await stock_of(bench, made)).json():
        raise Unclear("no balance was listed")
    await moved(bench, made, "STORE", "BIN", 2)
    return not (await stock_of(bench, made)).json()


@TILL_MORE.question("retry_after", "Does a refusal for its rate say Retry-After?", "Z10")
async def retry_after(bench: Bench) -> bool:
    """The inventory host accepts four calls a second on average (7). The question sends a few reads
    too many, and none after the first refusal.
    """
    for _ in range(MOST_KNOCKS):
        if "till" in bench.throttled:
            return "retry-after" in bench.throttled["till"].headers
        await bench.till("GET", "/v3/inventories", host="inventory")
    raise Unclear(f"{MOST_KNOCKS} readings in a row were all answered")


@TILL_MORE.look("Does the old inventory of version 1 still answer?", "Z38")
async def old_inventory(bench: Bench) -> str:
    answer = await bench.till("GET", "/organizations/self/inventory", host="inventory")
    return f"{answer.status_code}" + (": it does" if answer.status_code < 300 else "")


@TILL_MORE.look("What stands in mediaUrls of the merchant's own products?", "Z1")
async def media_urls(bench: Bench) -> str:
    """Only the hosts are reported, because the owner of the videos is private."""
    urls = [url for one in await goods(bench) for url in presentation(one).get("mediaUrls") or []]
    hosts = Counter(urlsplit(str(url)).hostname or "no address" for url in urls)
    return (
        ", ".join(f"{host} ({count})" for host, count in hosts.most_common())
        or "nothing: no product has any"
    )


@TILL_MORE.look(
    "Is the online description of the merchant's own products HTML or plain text?", "Z2"
)
async def online_descriptions(bench: Bench) -> str:
    texts = [
        str(text)
        for one in await goods(bench)
        if (text := (one.get("online") or {}).get("description"))
    ]
    marked = sum(bool(MARKUP.search(text)) for text in texts)
    broken = sum("\n" in text for text in texts)
    return f"{len(texts)} have one; {marked} with tags, {broken} with line breaks"


async def goods(bench: Bench) -> list[JSON]:
    """The merchant's products without those of this run: the first page of the list."""
    rows = (await bench.till("GET", "/organizations/self/products/v2")).json()
    return [row for row in rows if not str(row.get("name", "")).startswith("Brygga certify")]


def presentation(product: JSON) -> JSON:
    """The part of a product that the web shop shows."""
    return (product.get("online") or {}).get("presentation") or {}
