"""How long the sandbox takes to open, and how much memory it needs: `python bench/sandbox_size.py
[N ...]` (50,000).

N generated products stand in the till and, written through the rules of the control panel, in the
shop as well. Every size is measured in a process of its own and printed as one line of JSON;
seconds are for the reader, nothing is judged by them.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HEAVY = ("cryptography", "jinja2", "jwt", "litestar", "psycopg", "sqlalchemy", "structlog")
"""What is slow to load and what a sandbox without visitors does not need."""


def peak_mb() -> float:
    """The most memory this program ever had (resident).

    Linux counts what the parent had before the program began in `ru_maxrss`, too; its own figure is
    `VmHWM`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return (
            float(
                next(
                    row for row in status.read_text().splitlines() if row.startswith("VmHWM")
                ).split()[1]
            )
            / 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def body_of(product: dict[str, Any]) -> dict[str, Any]:
    """A product of the till as the shop's merchant would type it in."""
    rows = product["variants"]
    price = (rows[0].get("price") or {}).get("amount", 0) / 100
    body = {
        "name": product["name"],
        "description": product["description"],
        "price": price,
        "weight": 0.3,
    }
    if len(rows) == 1:
        return {
            **body,
            "sku": rows[0]["sku"],
            "inventory_tracking": "product",
            "inventory_level": 5,
        }
    variants = [
        {
            "sku": one["sku"],
            "inventory_level": 5,
            "option_values": [
                {"option_display_name": o["name"], "label": o["value"]} for o in one["options"]
            ],
        }
        for one in rows
    ]
    return {**body, "inventory_tracking": "variant", "variants": variants}


async def measure(products: int) -> dict[str, Any]:
    """Open a sandbox with so many products on both sides, in this process."""
    started, cpu = time.perf_counter(), time.process_time()
    from brygga_sandbox.clock import ManualClock  # noqa: PLC0415 - loading is part of opening
    from brygga_sandbox.sandbox import Plan, Sandbox  # noqa: PLC0415

    sandbox = Sandbox(Plan(products=products, drawings=False), ManualClock())
    opened = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    loaded, before = [name for name in HEAVY if name in sys.modules], peak_mb()
    shop = sandbox.shop()
    for stored in sandbox.merchant.organization.products.values():
        await shop.add_product(**body_of(stored.value()))
    held = {"till": len(sandbox.merchant.organization.products), "shop": len(shop.store.products)}
    await sandbox.stop()
    return {**held, **opened, "heavy": loaded, "till_mb": before, "both_mb": peak_mb()}


def command_opens() -> dict[str, float]:
    """The command with the demo library: until it says where everything is."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "brygga_sandbox", "--json", "--port-base", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - started
        process.terminate()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"command_seconds": seconds, "command_cpu_seconds": spent.ru_utime + spent.ru_stime}


def measured(products: int) -> dict[str, Any]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "--inside", str(products)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(sizes: list[str]) -> None:
    print(json.dumps(command_opens()))
    for size in sizes or ["50000"]:
        print(json.dumps(measured(int(size))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(asyncio.run(measure(int(sys.argv[2])))))
    else:
        main(sys.argv[1:])
