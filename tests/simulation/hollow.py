"""The walk of hollow answers: every GET of the service is answered with nothing, in every form that
"nothing" can have (decision 15).

    python -m tests.simulation.hollow [--part 1/8] [--get PATTERN] [--answer KIND] [--workers 2]

All cases of a process run on one set of sandboxes, on virtual time. A recording of each act shows
what the service reads: an act that causes a new read is played with that read too. Each GET, or
POST that only reads, is then answered with each kind of nothing, once and for ten minutes, in the
quiet, while the till sells and while the store sells. Then:

- written wrongly: a level outside what people made it, a product, subscription or webhook that
  comes or goes;
- lost: what people did is not on both sides once the answers are whole again;
- silent: ten minutes on, work still waits, and the sync log does not name the side.
"""

# ruff: noqa: T201 - it tells how far it has come
import argparse
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from unittest.mock import patch

from brygga.sync.products import work as products
from brygga_sandbox.faults import HOLLOWS
from tests.simulation.beginning import begin
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import Faults
from tests.simulation.hollow_cases import Case, Found, cases_of
from tests.simulation.hollow_walk import Walk
from tests.simulation.loop import run
from tests.simulation.session import _alone, _listen
from tests.simulation.storm import disk


async def _walked(own: Disk, chosen: Callable[[Case], bool]) -> Found:
    day = await begin(3, own, faults=Faults(frozenset(), random.Random(1)))
    day.invariants.answers_lost = True
    _listen(day)
    try:
        for one in day.goods:
            day.account(
                "count", lambda one=one: day.sandbox.till(one.merchant).set_stock(one.variant, 900)
            )
        day.run_service()
        assert await day.quiet()
        walk = Walk(day)
        for get, act in (await walk.recorded()).items():
            for case in cases_of(get, act):
                if chosen(case):
                    try:
                        await walk.case(case)
                    except Exception as error:
                        raise AssertionError(f"{case}: {error!r}") from error
        return walk.found
    finally:
        await day.close()


def walked(own: Disk, chosen: Callable[[Case], bool]) -> Found:
    """The cases that are chosen, in one sandbox."""
    # Small portions, so that few creates ask what many would.
    with _alone(), patch.object(products, "MADE_AT_ONCE", 1):
        return run(_walked(own, chosen), 1)


def is_in(part: int, parts: int, number: int = 0) -> Callable[[Case], bool]:
    """Every so many cases, as they come."""
    count = iter(range(number, sys.maxsize))
    return lambda _: next(count) % parts == part


def _work(word: tuple[int, int, str, str]) -> Found:
    part, parts, pattern, answer = word
    mine = is_in(part, parts)
    with disk() as own:

        def chosen(case: Case) -> bool:
            fits = fnmatchcase(str(case.get), pattern) and answer in ("", case.answer)
            return fits and mine(case)

        return walked(own, chosen)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.hollow", description=__doc__)
    parser.add_argument("--get", default="*", help="only GETs that match, such as '*stock*'")
    parser.add_argument("--answer", default="", choices=["", *HOLLOWS])
    parser.add_argument("--part", default="1/1", help="one part of so many, such as 2/8")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    chosen = parser.parse_args(words)
    part, parts = (int(word) for word in chosen.part.split("/"))
    todo = [
        ((part - 1) + parts * place, parts * chosen.workers, chosen.get, chosen.answer)
        for place in range(chosen.workers)
    ]
    began, found = time.monotonic(), Found()
    with multiprocessing.get_context("spawn").Pool(chosen.workers) as pool:
        for one in pool.imap_unordered(_work, todo):
            found.add(one)
    for get in sorted(found.gets):
        print(f"  {get}")
    print(f"{found} ({time.monotonic() - began:.0f} s)")
    return 1 if found.wrong or found.lost or found.silent else 0


if __name__ == "__main__":
    raise SystemExit(main())
