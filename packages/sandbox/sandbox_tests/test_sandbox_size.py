"""The sandbox opens at once and holds a large shop: what it loads, and what a product costs
(bench/sandbox_size.py).
"""

import importlib.util
from pathlib import Path
from types import ModuleType

BENCH = Path(__file__).parents[3] / "bench" / "sandbox_size.py"
SIZE = 2_000


def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sandbox_size", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fifty_thousand_products_on_both_sides_fit_in_600_megabytes() -> None:
    """Measured at two sizes and drawn out: what a product adds, and what an empty sandbox needs."""
    measured = bench().measured
    empty, full = measured(0), measured(SIZE)
    each = (full["both_mb"] - empty["both_mb"]) / SIZE

    assert (full["till"], full["shop"]) == (SIZE, SIZE)
    assert empty["both_mb"] + 50_000 * each < 600


def test_a_sandbox_loads_nothing_that_it_does_not_need_to_open() -> None:
    """Templates come with the first page, and there is no database, no web framework and no
    cryptography library.
    """
    assert bench().measured(0)["heavy"] == []
