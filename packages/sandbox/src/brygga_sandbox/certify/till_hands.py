"""What the questions to Zettle have in common: bodies, tracking, balances, movements."""

import httpx2

from brygga_sandbox.certify.bench import JSON, Bench


def sized(bench: Bench, size: str) -> JSON:
    return {"uuid": bench.uuid1(), "name": size, "options": [{"name": "Size", "value": size}]}


def core(made: JSON) -> JSON:
    """The fields that a change must repeat."""
    return {
        "uuid": made["uuid"],
        "name": made["name"],
        "variants": [{"uuid": one["uuid"]} for one in made["variants"]],
    }


async def inventories(bench: Bench) -> dict[str, str]:
    rows = (await bench.till("GET", "/v3/inventories", host="inventory")).json()
    return {row["inventoryType"]: row["inventoryUuid"] for row in rows}


async def tracked(bench: Bench) -> JSON:
    made = await bench.till_product()
    await track(bench, made)
    return made


async def track(bench: Bench, made: JSON) -> None:
    body = [{"productUuid": made["uuid"], "tracking": "enable"}]
    await bench.till("POST", "/v3/products", body, host="inventory")


async def stock_of(bench: Bench, made: JSON) -> httpx2.Response:
    store = (await inventories(bench)).get("STORE")
    if store is None:
        await tracked(bench)  # the inventories appear with the first tracked product (3.2)
        store = (await inventories(bench))["STORE"]
    return await bench.till("GET", f"/v3/stock/{store}/products/{made['uuid']}", host="inventory")


async def movement_of(bench: Bench, made: JSON, source: str, target: str, change: int) -> JSON:
    """One movement of the first variant, between inventories that are there."""
    await stock_of(bench, made)
    places = await inventories(bench)
    return {
        "productUuid": made["uuid"],
        "variantUuid": made["variants"][0]["uuid"],
        "from": places[source],
        "to": places[target],
        "change": change,
    }


async def moved(bench: Bench, made: JSON, source: str, target: str, change: int) -> int:
    """The status of one movement of the first variant."""
    row = await movement_of(bench, made, source, target, change)
    body = {"identifier": bench.uuid1(), "movements": [row]}
    return (await bench.till("POST", "/v3/movements", body, host="inventory")).status_code
